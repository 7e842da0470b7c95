package tributary.benchmarks;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tributary.benchmarks.engines.ComparedModel;

/** Makes a model of random weights and says where it is. */
@Command(
    name = "make",
    mixinStandardHelpOptions = true,
    description = "Makes a model of seeded random bf16 weights, as a directory and as GGUF.")
final class MakeCommand implements Callable<Integer> {
  @Option(names = "--shape", required = true, description = "One of: ${COMPLETION-CANDIDATES}.")
  private KnownShape shape = KnownShape.tinyllama;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Workspace workspace = Workspace.current();
    ComparedModel model = workspace.make(shape);
    spec.commandLine().getOut().println(workspace.shown(model.directory()));
    spec.commandLine().getOut().println(workspace.shown(model.gguf()));
    return 0;
  }
}
