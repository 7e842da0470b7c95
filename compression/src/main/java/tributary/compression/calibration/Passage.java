package tributary.compression.calibration;

import java.nio.file.Path;
import java.util.List;
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
 * Between stages what chunks have come to lies in {@link TokenStates}; scratch, keys and values are
 * those of the chunk at hand.
 */
final class Passage implements AutoCloseable {
  private final Network network;
  private final Room room;
  private final Weights weights;
  private final TokenStates states;

  private Passage(Network network, Room room, Weights weights, TokenStates states) {
    this.network = network;
    this.room = room;
    this.weights = weights;
    this.states = states;
  }

  /** Scratch that models share, since each is done with it when it has moved a chunk on. */
  record Room(Backend backend, Workspace workspace, KvCache cache, Path directory)
      implements AutoCloseable {
    /**
     * Room for a chunk.
     *
     * @param cacheShape for as many pages as the largest chunk has
     * @param directory for temporary files
     */
    static Room of(Backend backend, KvShape cacheShape, Path directory) {
      return new Room(backend, new Workspace(backend), backend.kvCache(cacheShape), directory);
    }

    @Override
    public void close() {
      cache.close();
      workspace.close();
    }
  }

  /** A model before its first stage. */
  static Passage open(Network network, TensorSource tensors, Room room, List<Chunk> chunks) {
    chunks.forEach(chunk -> requireKnown(chunk.batch().tokens(), network.embedding().rows()));
    Weights weights = Weights.load(network, tensors, room.backend);
    try {
      long tokens = chunks.getLast().firstToken() + chunks.getLast().rows();
      int widest = network.stages().stream().mapToInt(Passage::inputColumns).max().orElseThrow();
      TokenStates states =
          TokenStates.in(room.directory, tokens, network.embedding().columns(), widest);
      return new Passage(network, room, weights, states);
    } catch (RuntimeException | Error e) {
      weights.close();
      throw e;
    }
  }

  private static int inputColumns(Stage stage) {
    return stage.projections().getFirst().weight().columns();
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

  Weights weights() {
    return weights;
  }

  /**
   * Moves a chunk on to a stage, which must be the one after its last, and returns what the stage's
   * projections read [T, columns]; valid until any model of the room moves a chunk on.
   */
  Activations advance(Chunk chunk, int stage) {
    Step step = new Step(room.backend, weights, room.workspace, room.cache, chunk.batch()).inBulk();
    Activations hidden = step.scratch("walk.hidden", network.embedding().columns());
    if (stage == 0) {
      network.embed(step, hidden);
    } else {
      Stage last = network.stages().get(stage - 1);
      Activations read = step.scratch("walk.input", inputColumns(last));
      states.readHidden(chunk, hidden);
      states.readInput(chunk, read);
      last.output().apply(step, hidden, read);
    }
    Activations input = network.stages().get(stage).input().of(step, hidden);
    states.writeHidden(chunk, hidden);
    states.writeInput(chunk, input);
    return input;
  }

  @Override
  public void close() {
    states.close();
    weights.close();
  }
}
