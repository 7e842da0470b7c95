package tributary.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareOptionsTest {
  @TempDir Path directory;

  private final StringWriter err = new StringWriter();

  @Test
  void work_has_to_be_named_and_only_one_kind_of_it() {
    assertThat(run("--base", "b")).isEqualTo(2);
    assertThat(err.toString()).contains("--task=FILE", "--text=FILE", "--compare");
    assertThat(run("--base", "b", "--compare", "--codecs", "lossless")).isEqualTo(2);
    assertThat(err.toString()).contains("--tasks");
    assertThat(
            run("--base", "b", "--task", "t", "--compare", "--tasks", "t", "--codecs", "lossless"))
        .isEqualTo(2);
  }

  @Test
  void a_comparison_of_nothing_says_where_it_looked() throws IOException {
    Files.createDirectories(directory.resolve("models").resolve("without-a-task"));
    String models = directory.resolve("models").toString();
    assertThat(
            run("--base", "b", "--compare", "--models", models, "--tasks", models, "--codecs", "x"))
        .isEqualTo(1);
    assertThat(err.toString()).contains("usage: no fine-tune to compare", models);
  }

  @Test
  void an_unknown_codec_is_named_before_work_begins() {
    String here = directory.toString();
    assertThat(
            run(
                "--base",
                here,
                "--model",
                here,
                "--compare",
                "--tasks",
                here,
                "--codecs",
                "nonsense"))
        .isEqualTo(1);
    assertThat(err.toString()).contains("unknown_codec", "nonsense");
  }

  @Test
  void one_fine_tune_is_measured_at_a_time_otherwise() {
    assertThat(run("--base", "b", "--model", "x", "--model", "y", "--task", "t")).isEqualTo(1);
    assertThat(err.toString()).contains("--model once");
  }

  @Test
  void only_a_delta_has_planes_and_they_are_counted_from_one() {
    assertThat(run("--base", "b", "--delta", "d", "--width", "0", "--task", "t")).isEqualTo(1);
    assertThat(err.toString()).contains("width");
    assertThat(run("--base", "b", "--width", "1", "--task", "t")).isEqualTo(1);
    assertThat(err.toString()).contains("--delta");
  }

  @Test
  void restored_weights_do_not_replace_others() throws IOException {
    Files.createFile(directory.resolve("model.safetensors"));
    assertThat(execute("restore", "--base", "b", "--delta", "d", "--out", directory.toString()))
        .isEqualTo(1);
    assertThat(err.toString()).contains("usage: ", "--force");
  }

  private int run(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "evaluate";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return execute(all);
  }

  /** As a process of its own: picocli leaves an option group of an earlier parse where it was. */
  private int execute(String... arguments) {
    return Main.commandLine()
        .setOut(new PrintWriter(new StringWriter()))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }
}
