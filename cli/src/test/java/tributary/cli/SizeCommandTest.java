package tributary.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class SizeCommandTest {
  private final StringWriter err = new StringWriter();
  private final CommandLine commandLine =
      Main.commandLine().setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(err));

  @Test
  void a_published_model_is_called_by_its_name() {
    assertThat(commandLine.execute("size", "--shape", "llama-2-7b", "--planes", "1", "--json"))
        .isZero();
    assertThat(commandLine.execute("size", "--shape", "llama-9")).isEqualTo(2);
    assertThat(err.toString()).contains("llama-2-7b", "llama-3.1-8b");
  }

  @Test
  void what_depends_on_the_weights_is_asked_for() {
    assertThat(commandLine.execute("size", "--shape", "llama-2-7b", "--zstd")).isEqualTo(1);
    assertThat(err.toString()).contains("--like");
  }
}
