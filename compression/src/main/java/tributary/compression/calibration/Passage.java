package tributary.compression.calibration;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activations;
import tributary.gpu.Backend;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.model.network.Network;
import tributary.model.network.Stage;
import tributary.model.network.Step;
import tributary.model.network.Weights;
import tributary.model.network.Workspace;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.container.TensorSource;

/**
 * One model's way through its stages, with all chunks at one stage before any is at the next.
 * Between stages each chunk keeps its hidden state and the last stage's input; scratch and keys and
 * values are those of the chunk at hand.
 */
final class Passage implements AutoCloseable {
  private final Network network;
  private final Backend backend;
  private final List<Chunk> chunks;
  private final Weights weights;
  private final Workspace workspace;
  private final KvCache cache;
  private final @Nullable Activations[] hidden;
  private final @Nullable Activations[] inputs;

  private Passage(
      Network network, Backend backend, List<Chunk> chunks, Weights weights, KvCache cache) {
    this.network = network;
    this.backend = backend;
    this.chunks = chunks;
    this.weights = weights;
    this.workspace = new Workspace(backend);
    this.cache = cache;
    this.hidden = new Activations[chunks.size()];
    this.inputs = new Activations[chunks.size()];
  }

  /**
   * A model before its first stage.
   *
   * @param cacheShape for as many pages as the largest chunk has
   */
  static Passage open(
      Network network,
      TensorSource tensors,
      Backend backend,
      List<Chunk> chunks,
      KvShape cacheShape) {
    chunks.forEach(chunk -> requireKnown(chunk.batch().tokens(), network.embedding().rows()));
    Weights weights = Weights.load(network, tensors, backend);
    try {
      return new Passage(network, backend, chunks, weights, backend.kvCache(cacheShape));
    } catch (RuntimeException | Error e) {
      weights.close();
      throw e;
    }
  }

  private static void requireKnown(int[] tokens, int vocabulary) {
    for (int token : tokens) {
      if (token < 0 || token >= vocabulary) {
        throw new TributaryException(
            ErrorCode.TOKENIZER,
            "the tokenizer gives token %d, the model has 0 to %d; they do not belong together"
                .formatted(token, vocabulary - 1));
      }
    }
  }

  int chunks() {
    return chunks.size();
  }

  Weights weights() {
    return weights;
  }

  /**
   * Moves a chunk on to a stage, which must be the one after its last, and returns what the stage's
   * projections read [T, columns]; valid until the chunk moves on.
   */
  Activations advance(int chunk, int stage) {
    List<Stage> stages = network.stages();
    Step step = new Step(backend, weights, workspace, cache, chunks.get(chunk).batch());
    Activations state = hidden[chunk];
    Activations last = inputs[chunk];
    if (state == null || last == null) {
      state = backend.activations(chunks.get(chunk).rows(), network.embedding().columns());
      hidden[chunk] = state;
      step.embed(state, network.embedding());
    } else {
      stages.get(stage - 1).output().apply(step, state, last);
    }
    Activations input = keep(stages.get(stage).input().of(step, state), last);
    inputs[chunk] = input;
    return input;
  }

  /** A copy of scratch, in the memory of {@code old} if that fits. */
  private Activations keep(Activations scratch, @Nullable Activations old) {
    Activations kept = old;
    if (kept == null || kept.columns() != scratch.columns()) {
      close(old);
      kept = backend.activations(scratch.rows(), scratch.columns());
    }
    int[] all = IntStream.range(0, scratch.rows()).toArray();
    backend.elementwise().copyRows(kept, scratch, all);
    return kept;
  }

  @Override
  public void close() {
    Arrays.stream(hidden).forEach(Passage::close);
    Arrays.stream(inputs).forEach(Passage::close);
    cache.close();
    workspace.close();
    weights.close();
  }

  private static void close(@Nullable Activations activations) {
    if (activations != null) {
      activations.close();
    }
  }
}
