package tributary.model.gradient;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tributary.gpu.Gemm;
import tributary.model.ModelConfig;
import tributary.model.decoder.Block;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Computes logits, losses and gradients of one model. Used by one thread at a time; reads the
 * model's arrays anew at every call.
 *
 * <p>Memory beside the model, for T tokens in a batch: with gradients, what {@link BlockStep.Trace}
 * keeps of every block (4 T bytes times layers times 3 hidden + 2 intermediate and the keys and
 * values, roughly), the gradient of one linear layer, and the logits of the wanted rows, at most 16
 * MiB of them; without gradients, a few activations of one block instead of those of all. Attention
 * of a sequence of t tokens needs 8 t^2 bytes for each query head of a group.
 */
public final class GradientPass {
  private final DenseModel model;
  private final Gemm gemm;
  private final List<BlockStep> blocks = new ArrayList<>();
  private final HeadStep head;
  private final EmbeddingStep embedding;

  private GradientPass(DenseModel model, Gemm gemm) {
    this.model = model;
    this.gemm = gemm;
    for (Block block : model.network().blocks()) {
      blocks.add(new BlockStep(model, gemm, block));
    }
    this.head = new HeadStep(model, gemm);
    this.embedding = new EmbeddingStep(model);
  }

  /**
   * A pass through this model.
   *
   * @throws TributaryException {@code missing_tensor} or {@code tensor_shape} when the model lacks
   *     what its configuration asks for
   */
  public static GradientPass of(DenseModel model, Gemm gemm) {
    return new GradientPass(model, gemm);
  }

  /**
   * Logits [rows, vocabulary] of some of the batch's rows. A row's logits predict the token after
   * it.
   */
  public Matrix logits(TokenBatch batch, int[] rows) {
    return head.logits(hidden(batch), rows);
  }

  /**
   * What the head makes logits of, [T, hidden], for those who want those of a few rows at a time.
   */
  public Matrix hidden(TokenBatch batch) {
    check(batch);
    BatchSteps steps = steps(batch);
    Matrix hidden = embedding.forward(batch);
    for (BlockStep block : blocks) {
      hidden = block.output(block.forward(hidden, steps));
    }
    return hidden;
  }

  /** Columns of {@link #hidden}. */
  public int hiddenSize() {
    return model.config().hiddenSize();
  }

  /** Logits [rows, vocabulary] of some rows of what {@link #hidden} made. */
  public Matrix logits(Matrix hidden, int[] rows) {
    return head.logits(hidden, rows);
  }

  /**
   * What computes squared distances of this model's logits to another's without making logits; of
   * this model's head as it is now.
   *
   * @param other has this model's hidden size and vocabulary
   * @return empty where logits of one of them are capped
   */
  public Optional<HeadDistances> distancesTo(GradientPass other) {
    return head.isCapped() || other.head.isCapped()
        ? Optional.empty()
        : Optional.of(HeadDistances.between(head, other.head, gemm));
  }

  /** The mean loss of some of the batch's rows. */
  public double loss(TokenBatch batch, int[] rows, LogitLoss loss) {
    return head.loss(hidden(batch), rows, loss);
  }

  /**
   * The mean loss of some of the batch's rows, and its gradient with respect to what {@code sink}
   * wants of all linear layers' weights and biases and all norms' weights. Not of embeddings and
   * head.
   */
  public double gradients(TokenBatch batch, int[] rows, LogitLoss loss, GradientSink sink) {
    check(batch);
    BatchSteps steps = steps(batch);
    List<BlockStep.Trace> traces = new ArrayList<>();
    Matrix hidden = embedding.forward(batch);
    for (BlockStep block : blocks) {
      BlockStep.Trace trace = block.forward(hidden, steps);
      traces.add(trace);
      hidden = block.output(trace);
    }
    Matrix gradient = Matrix.zeros(hidden.rows(), hidden.columns());
    double value = head.backward(gradient, hidden, rows, loss, sink);
    for (int layer = blocks.size() - 1; layer >= 0; layer--) {
      blocks.get(layer).backward(gradient, traces.removeLast(), steps, sink);
    }
    return value;
  }

  private BatchSteps steps(TokenBatch batch) {
    return new BatchSteps(batch, model.config().structure().dimensions(), gemm);
  }

  private void check(TokenBatch batch) {
    ModelConfig config = model.config();
    if (batch.longest() > config.contextLength()) {
      throw new TributaryException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "a sequence has %d tokens; the model sees at most %d; cut it"
              .formatted(batch.longest(), config.contextLength()));
    }
    for (int[] sequence : batch.sequences()) {
      for (int token : sequence) {
        if (token < 0 || token >= model.vocabulary()) {
          throw new TributaryException(
              ErrorCode.TOKENIZER,
              "token %d is not in the model's vocabulary of %d; tokenizer and model do not belong"
                      .formatted(token, model.vocabulary())
                  + " together");
        }
      }
    }
  }
}
