package tributary.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

final class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final CommandLine commandLine =
      Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));

  @Test
  void the_version_is_the_one_of_the_build() {
    assertThat(commandLine.execute("--version")).isZero();
    assertThat(out.toString()).matches("tributary \\d+\\.\\d+\\.\\d+(-\\w+)?\\R");
  }

  @Test
  void help_names_the_exit_codes() {
    assertThat(commandLine.execute("--help")).isZero();
    assertThat(out.toString()).contains("Usage: tributary", "Exit codes:");
  }

  @Test
  void no_command_is_wrong_usage_and_leaves_standard_output_empty() {
    assertThat(commandLine.execute()).isEqualTo(2);
    assertThat(err.toString()).contains("Missing required subcommand", "Usage: tributary");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void an_unknown_option_is_wrong_usage_and_leaves_standard_output_empty() {
    assertThat(commandLine.execute("--nonsense")).isEqualTo(2);
    assertThat(err.toString()).contains("--nonsense");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void a_fault_is_told_in_one_line_with_its_code() {
    var fault = new TributaryException(ErrorCode.FILE_NOT_FOUND, "no file here.safetensors");
    assertThat(failing(fault)).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo("tributary: file_not_found: no file here.safetensors" + System.lineSeparator());
  }

  @Test
  void a_defect_is_told_with_its_stack_trace() {
    assertThat(failing(new IllegalStateException("impossible"))).isEqualTo(70);
    assertThat(err.toString()).contains("IllegalStateException: impossible", "at tributary.cli");
  }

  private int failing(Exception fault) {
    return commandLine
        .addSubcommand(new Failing(fault))
        .setErr(new PrintWriter(err))
        .execute("fail");
  }

  @Command(name = "fail")
  private record Failing(Exception fault) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      throw fault;
    }
  }
}
