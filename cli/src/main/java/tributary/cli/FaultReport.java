package tributary.cli;

import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;
import tributary.protocol.TributaryException;

/** Tells a fault its owner can mend in one line, and a defect with its stack trace. */
final class FaultReport implements IExecutionExceptionHandler {
  /** {@code EX_SOFTWARE} of sysexits.h. */
  static final int DEFECT = 70;

  @Override
  public int handleExecutionException(
      Exception fault, CommandLine commandLine, ParseResult parsed) {
    var err = commandLine.getErr();
    if (fault instanceof TributaryException) {
      err.println(commandLine.getColorScheme().errorText("tributary: " + fault.getMessage()));
      return ExitCode.SOFTWARE;
    }
    fault.printStackTrace(err);
    return DEFECT;
  }
}
