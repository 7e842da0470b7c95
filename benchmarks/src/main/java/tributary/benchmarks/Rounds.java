package tributary.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tributary.benchmarks.engines.ComparedModel;
import tributary.benchmarks.engines.DecodeResult;
import tributary.benchmarks.engines.Engine;
import tributary.benchmarks.engines.EngineFailure;
import tributary.benchmarks.report.Figures;

/**
 * Runs the engines in turns, one after the other and round after round, so that what disturbs the
 * machine for a while disturbs all of them.
 */
final class Rounds {
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
    for (int batch : settings.batches()) {
      Map<Engine, Figures> figures = new LinkedHashMap<>();
      engines.forEach(engine -> figures.put(engine, Figures.none(engine.name(), batch)));
      for (int round = 1; round <= settings.rounds(); round++) {
        for (Engine engine : engines) {
          say("%s, batch %d, round %d of %d, %s: ", name, batch, round, settings.rounds(),
              engine.name());
          figures.put(engine, oneMore(engine, model, figures.get(engine)));
        }
      }
      all.addAll(figures.values());
    }
    return all;
  }

  private Figures oneMore(Engine engine, ComparedModel model, Figures figures)
      throws IOException, InterruptedException {
    try {
      DecodeResult result = engine.decode(settings.task(model, figures.batch()));
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
