package tributary.model.network;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.KvShape;
import tributary.gpu.SequenceRows;
import tributary.gpu.program.ProgramRecorder;
import tributary.gpu.program.StepProgram;

/** Takes down what every step of a network computes, for devices that compile steps. */
public final class StepRecording {
  private StepRecording() {}

  /**
   * The program of a network.
   *
   * @param page extent of the cache, of any number of pages
   */
  public static StepProgram of(Network network, KvShape page) {
    ProgramRecorder recorder = new ProgramRecorder();
    Weights weights = Weights.placeholders(network.parameters(), recorder);
    Step.Batch batch =
        new Step.Batch(
            new int[1],
            new TenantRows(1, List.of()),
            List.of(new SequenceRows(0, 1, 0, new int[1])));
    try (Workspace workspace = new Workspace(recorder)) {
      Step step = new Step(recorder, weights, workspace, recorder.kvCache(page), batch);
      Activations hidden = network.hidden(step);
      Activations logits = step.scratch("logits", network.head().rows());
      network.logits(step, logits, hidden);
      return recorder.program(logits);
    }
  }
}
