package tributary.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tributary.benchmarks.engines.ComparedModel;
import tributary.benchmarks.engines.Engine;
import tributary.benchmarks.engines.EngineFailure;
import tributary.benchmarks.engines.TaskResult;
import tributary.benchmarks.engines.Work;
import tributary.benchmarks.report.Figures;

/**
 * Runs the engines in turns, one after the other and round after round, so that what disturbs the
 * machine for a while disturbs all of them.
 */
final class Rounds {
  /** What comes once a round. */
  private record Turn(Engine engine, Work work) {}

  private final List<Engine> engines;
  private final CompareSettings settings;
  private final PrintWriter progress;

  Rounds(List<Engine> engines, CompareSettings settings, PrintWriter progress) {
    this.engines = engines;
    this.settings = settings;
    this.progress = progress;
  }

  List<Figures> run(String name, ComparedModel model) throws IOException, InterruptedException {
    List<Figures> all = new ArrayList<>();
    for (List<Work> together : settings.works()) {
      List<Turn> turns =
          together.stream()
              .flatMap(work ->
                  engines.stream().filter(e -> e.does(work)).map(e -> new Turn(e, work)))
              .toList();
      Map<Turn, Figures> figures = new LinkedHashMap<>();
      turns.forEach(turn -> figures.put(turn, Figures.none(turn.engine.name(), turn.work)));
      for (int round = 1; round <= settings.rounds(); round++) {
        for (Turn turn : turns) {
          say("%s, round %d of %d, %s, %s: ", name, round, settings.rounds(), turn.engine.name(),
              turn.work.label());
          figures.put(turn, oneMore(turn, model, figures.get(turn)));
        }
      }
      all.addAll(figures.values());
    }
    return all;
  }

  private Figures oneMore(Turn turn, ComparedModel model, Figures figures)
      throws IOException, InterruptedException {
    try {
      TaskResult result = turn.engine.run(settings.task(model, turn.work));
      say("%.2f tokens/s%n", result.medianTokensPerSecond());
      return figures.with(result);
    } catch (EngineFailure failure) {
      say("failed%n");
      return figures.withFailure(failure.getMessage());
    }
  }

  private void say(String format, Object... values) {
    progress.printf(Locale.ROOT, format, values);
    progress.flush();
  }
}
