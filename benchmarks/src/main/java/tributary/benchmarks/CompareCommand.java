package tributary.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tributary.benchmarks.engines.ComparedModel;
import tributary.benchmarks.engines.Engine;
import tributary.benchmarks.report.ComparisonMarkdown;
import tributary.benchmarks.report.ComparisonReport;
import tributary.benchmarks.report.Machine;
import tributary.benchmarks.report.ModelComparison;
import tributary.benchmarks.weights.ModelDirectory;

/** Measures every engine on the same weights and writes down what it found. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares speed on a CPU in interleaved rounds.")
final class CompareCommand implements Callable<Integer> {
  @Option(
      names = "--shape",
      description = "Random weights of this shape: ${COMPLETION-CANDIDATES}. May be repeated.")
  private List<KnownShape> shapes = new ArrayList<>();

  @Option(names = "--model", description = "A Hugging Face directory, bf16. May be repeated.")
  private List<Path> directories = new ArrayList<>();

  @Mixin private CompareSettings settings = new CompareSettings();

  @Option(names = "--json", description = "Print JSON; the tables go to standard error.")
  private boolean json;

  @Option(
      names = "--markdown",
      description = "Where the document goes (default: docs/benchmarks/cpu.md).")
  private Path markdown = Path.of("docs", "benchmarks", "cpu.md");

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Workspace workspace = Workspace.current();
    Map<String, ComparedModel> models = models(workspace);
    List<Engine> engines = settings.engines(workspace.repository());
    String began = Instant.now().truncatedTo(ChronoUnit.MINUTES).toString();
    Machine machine = Machine.probe(settings.threads());
    List<ModelComparison> comparisons = new ArrayList<>();
    for (var model : models.entrySet()) {
      Rounds rounds = new Rounds(engines, settings, spec.commandLine().getErr());
      comparisons.add(
          new ModelComparison(
              model.getKey(),
              new ModelDirectory(model.getValue().directory()).shape(),
              rounds.run(model.getKey(), model.getValue())));
      machine = machine.probedAgain(settings.threads());
    }
    Map<String, String> arithmetic = new LinkedHashMap<>();
    engines.forEach(engine -> arithmetic.put(engine.name(), engine.arithmetic()));
    write(
        workspace,
        new ComparisonReport(
            began, typed(workspace), machine, settings.described(), arithmetic, comparisons));
    boolean allRan =
        comparisons.stream().flatMap(c -> c.figures().stream())
            .allMatch(figures -> figures.failures().isEmpty());
    return allRan ? 0 : 1;
  }

  private Map<String, ComparedModel> models(Workspace workspace) throws IOException {
    Map<String, ComparedModel> models = new LinkedHashMap<>();
    for (KnownShape shape : shapes) {
      models.put(shape.modelName(), workspace.make(shape));
    }
    for (Path directory : directories) {
      models.put(workspace.shown(directory), workspace.existing(directory));
    }
    if (models.isEmpty()) {
      throw new IllegalArgumentException("no model: give --shape tinyllama or --model DIRECTORY");
    }
    for (var model : models.entrySet()) {
      model.setValue(workspace.adapted(model.getValue(), settings.adapters()));
    }
    return models;
  }

  private void write(Workspace workspace, ComparisonReport report) throws IOException {
    ComparisonMarkdown document = new ComparisonMarkdown(report);
    Path file = workspace.repository().resolve(markdown);
    Files.createDirectories(file.getParent());
    Files.writeString(file, document.document());
    PrintWriter tables = json ? spec.commandLine().getErr() : spec.commandLine().getOut();
    tables.println(document.tables());
    tables.flush();
    if (json) {
      ObjectMapper mapper =
          new ObjectMapper()
              .registerModule(new Jdk8Module())
              .enable(SerializationFeature.INDENT_OUTPUT);
      spec.commandLine().getOut().println(mapper.writeValueAsString(report));
    }
  }

  /** The command line, its paths as seen from the repository's root. */
  private String typed(Workspace workspace) {
    StringBuilder command = new StringBuilder("benchmarks/run compare");
    shapes.forEach(shape -> command.append(" --shape ").append(shape));
    directories.forEach(path -> command.append(" --model ").append(workspace.shown(path)));
    return command.append(settings.typed()).toString();
  }
}
