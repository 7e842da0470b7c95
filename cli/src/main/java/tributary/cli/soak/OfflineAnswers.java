package tributary.cli.soak;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ResidentDelta;
import tributary.model.generate.OfflineGeneration;
import tributary.model.sampling.Sampler;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenLogprob;
import tributary.protocol.Tokens;

/** Answers of the offline decoder over a base of its own. */
final class OfflineAnswers implements AutoCloseable {
  private final Backend backend;
  private final BaseModel base;

  OfflineAnswers(Path directory) {
    backend = Backends.open(BackendChoice.CPU, Runtime.getRuntime().availableProcessors());
    base = BaseModel.load(directory, backend);
  }

  BaseModel base() {
    return base;
  }

  /** The answer of a delta file at a width to each prompt. */
  List<Answer> of(Path file, int width, List<Tokens> prompts, Sampling sampling, StopRule stop) {
    List<List<Answer.Draw>> draws =
        Stream.generate(() -> (List<Answer.Draw>) new ArrayList<Answer.Draw>())
            .limit(prompts.size())
            .toList();
    try (ResidentDelta delta = ResidentDelta.load(file, base, width)) {
      for (int i = 0; i < prompts.size(); i++) {
        List<Answer.Draw> answer = draws.get(i);
        // One by one, so that nothing of another sequence can be in these.
        OfflineGeneration.run(
            base,
            List.of(new OfflineGeneration.Prompt(delta, prompts.get(i), sampling, stop)),
            (_, drawn) -> answer.add(draw(drawn)));
      }
    }
    return draws.stream().map(Answer::new).toList();
  }

  private static Answer.Draw draw(Sampler.Drawn drawn) {
    return draw(drawn.token(), Objects.requireNonNull(drawn.logprob()), drawn.top());
  }

  static Answer.Draw draw(int token, TokenLogprob own, List<TokenLogprob> top) {
    return new Answer.Draw(token, Stream.concat(Stream.of(own), top.stream()).toList());
  }

  @Override
  public void close() {
    base.close();
    backend.close();
  }
}
