package tributary.benchmarks;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command {@code benchmarks/run}: a name for its subcommands. */
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    description = "Compares Tributary's speed with other engines on the same weights.",
    subcommands = {CompareCommand.class, MakeCommand.class})
final class BenchmarkCommand {
  private BenchmarkCommand() {}

  public static void main(String[] arguments) {
    CommandLine line = new CommandLine(new BenchmarkCommand());
    line.setExecutionExceptionHandler(
        (failure, command, _) -> {
          if (failure instanceof IllegalArgumentException) {
            command.getErr().println(failure.getMessage());
            return CommandLine.ExitCode.USAGE;
          }
          throw failure;
        });
    System.exit(line.execute(arguments));
  }
}
