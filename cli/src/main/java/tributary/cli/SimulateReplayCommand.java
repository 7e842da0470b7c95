package tributary.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tributary.simulation.engine.Replay;
import tributary.simulation.recording.RecordedRun;
import tributary.simulation.recording.StepsFile;

/** Goes through a server's recorded steps once more and says whether the plans are the same. */
@Command(
    name = "replay",
    description = "Replay steps that a server recorded, and compare each plan with the server's.")
final class SimulateReplayCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "What tributary.recording.steps wrote.")
  private Path file = Path.of("");

  @Mixin private ReportOptions output = new ReportOptions();

  /** What is printed; the JSON names are stable. */
  private record Result(int plans, int requests, List<String> differences) {}

  @Override
  public Integer call() {
    RecordedRun run = StepsFile.read(file);
    var result = new Result(run.plans().size(), run.outputs().size(), Replay.differences(run));
    output.print(
        result,
        to -> {
          to.printf("%d plans over %d requests%n", result.plans, result.requests);
          to.println(
              result.differences.isEmpty()
                  ? "the simulator makes the same plans"
                  : result.differences.getFirst());
        });
    return result.differences.isEmpty() ? 0 : 1;
  }
}
