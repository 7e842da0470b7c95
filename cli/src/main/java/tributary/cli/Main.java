package tributary.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ScopeType;

/** The command line's root: knows the commands and ends the process with their exit code. */
@Command(
    name = "tributary",
    description = "Serves many fine-tunes of one language model from one copy of its base.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = BuildVersion.class,
    subcommands = {
      DemoCommand.class,
      ServeCommand.class,
      CompressCommand.class,
      RestoreCommand.class,
      ExportCommand.class,
      ImportCommand.class,
      InspectCommand.class,
      SizeCommand.class,
      EvaluateCommand.class,
      GenerateCommand.class,
      VerifyCommand.class,
      BenchCommand.class,
      SoakCommand.class,
      SimulateCommand.class,
      HelpCommand.class
    },
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:The command did what was asked.",
      "1:An input, file or setting is at fault; the message names it and the cure.",
      "2:The command line is wrong.",
      "70:A defect of Tributary itself."
    })
public final class Main {
  public static void main(String[] args) {
    StandardError.uncover();
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(new FaultReport());
  }
}
