package tributary.model.gradient;

import org.jspecify.annotations.Nullable;
import tributary.gpu.Gemm;
import tributary.model.decoder.Block;
import tributary.model.decoder.Block.Residual;
import tributary.model.decoder.SelfAttention;

/** One block of the model: attention and the feed-forward layers, each added to its input. */
final class BlockStep {
  /**
   * What the way back needs of a block, per token 2 hidden + heads + 2 key-value heads + heads + 2
   * intermediate values, and some more where outputs or heads are normed.
   *
   * @param input of the block, [T, hidden]
   * @param made queries, keys and values before norms and rotation; null without norms
   * @param attention queries and keys rotated
   * @param attended [T, heads * headSize]
   * @param attentionOutput before its norm, [T, hidden]; null without one
   * @param middle input and attention's output together, [T, hidden]
   */
  record Trace(
      Matrix input,
      AttentionStep.@Nullable Operands made,
      AttentionStep.Operands attention,
      Matrix attended,
      @Nullable Matrix attentionOutput,
      Matrix middle,
      FeedForwardStep.Opened opened) {}

  private final SelfAttention layer;
  private final Residual residual;

  /** Whether one norm stands before both halves: its gradient is that of both. */
  private final boolean sharedNorm;

  private final NormStep attentionNorm;
  private final QueryKeyValueStep inputs;
  private final LinearStep output;
  private final @Nullable NormStep attentionAfter;
  private final NormStep feedForwardNorm;
  private final FeedForwardStep feedForward;
  private final @Nullable NormStep feedForwardAfter;

  BlockStep(DenseModel model, Gemm gemm, Block block) {
    this.layer = block.attention().layer();
    this.residual = block.residual();
    this.sharedNorm = block.attention().before().equals(block.feedForward().before());
    this.attentionNorm = NormStep.of(model, block.attention().before());
    this.inputs = new QueryKeyValueStep(model, gemm, layer);
    this.output = new LinearStep(model, gemm, layer.output());
    var after = block.attention().after();
    this.attentionAfter = after == null ? null : NormStep.of(model, after);
    this.feedForwardNorm = NormStep.of(model, block.feedForward().before());
    this.feedForward = new FeedForwardStep(model, gemm, block.feedForward().layer());
    var last = block.feedForward().after();
    this.feedForwardAfter = last == null ? null : NormStep.of(model, last);
  }

  /** Computes up to the activation; {@link #output} is what remains. */
  Trace forward(Matrix input, BatchSteps steps) {
    AttentionStep.Operands made = inputs.forward(attentionNorm.forward(input));
    AttentionStep.Operands operands = inputs.hasNorms() ? inputs.normHeads(made) : made;
    steps.rotary(layer.rope()).forward(operands.queries());
    steps.rotary(layer.rope()).forward(operands.keys());
    Matrix attended = steps.attention(layer.scores()).forward(operands);
    Matrix attentionOutput = output.forward(attended);
    Matrix middle =
        attentionAfter == null ? attentionOutput : attentionAfter.forward(attentionOutput);
    middle.add(input);
    Matrix normed = feedForwardNorm.forward(feedForwardInput(input, middle));
    return new Trace(
        input,
        inputs.hasNorms() ? made : null,
        operands,
        attended,
        attentionAfter == null ? null : attentionOutput,
        middle,
        feedForward.open(normed));
  }

  private Matrix feedForwardInput(Matrix input, Matrix middle) {
    return switch (residual) {
      case SEQUENTIAL -> middle;
      case PARALLEL -> input;
    };
  }

  /** The block's output, [T, hidden]. */
  Matrix output(Trace trace) {
    Matrix closed = feedForward.close(trace.opened);
    Matrix out = feedForwardAfter == null ? closed : feedForwardAfter.forward(closed);
    out.add(trace.middle);
    return out;
  }

  /** Turns the gradient of the block's output into that of its input, in place. */
  void backward(Matrix gradient, Trace trace, BatchSteps steps, GradientSink sink) {
    Matrix beside =
        switch (residual) {
          case SEQUENTIAL -> gradient;
          case PARALLEL -> zerosLike(gradient);
        };
    double[] sums = attentionNorm.sums();
    double[] feedForwardSums = sharedNorm ? sums : feedForwardNorm.sums();
    Matrix dNormed = feedForwardBackward(gradient, trace, sink);
    Matrix read = feedForwardInput(trace.input, trace.middle);
    feedForwardNorm.addParameterGradients(feedForwardSums, dNormed, read);
    feedForwardNorm.backward(beside, dNormed, read);
    if (!sharedNorm) {
      feedForwardNorm.deliver(feedForwardSums, sink);
    }
    dNormed = attentionBackward(gradient, trace, steps, sink);
    attentionNorm.addParameterGradients(sums, dNormed, trace.input);
    attentionNorm.backward(gradient, dNormed, trace.input);
    attentionNorm.deliver(sums, sink);
    if (residual == Residual.PARALLEL) {
      gradient.add(beside);
    }
  }

  /** The gradient of what the feed-forward layers read. */
  private Matrix feedForwardBackward(Matrix dOut, Trace trace, GradientSink sink) {
    Matrix dClosed = dOut;
    if (feedForwardAfter != null) {
      dClosed = zerosLike(dOut);
      feedForwardAfter.backward(dClosed, dOut, feedForward.close(trace.opened), sink);
    }
    Matrix normed = feedForwardNorm.forward(feedForwardInput(trace.input, trace.middle));
    Matrix dNormed = zerosLike(normed);
    feedForward.backward(dNormed, dClosed, trace.opened, normed, sink);
    return dNormed;
  }

  /** The gradient of what the layers of queries, keys and values read. */
  private Matrix attentionBackward(
      Matrix gradient, Trace trace, BatchSteps steps, GradientSink sink) {
    Matrix dOutput = gradient;
    if (attentionAfter != null && trace.attentionOutput != null) {
      dOutput = zerosLike(gradient);
      attentionAfter.backward(dOutput, gradient, trace.attentionOutput, sink);
    }
    Matrix dAttended = zerosLike(trace.attended);
    output.backward(dAttended, dOutput, trace.attended, sink);
    AttentionStep.Operands gradients =
        steps.attention(layer.scores()).backward(dAttended, trace.attention);
    steps.rotary(layer.rope()).backward(gradients.queries());
    steps.rotary(layer.rope()).backward(gradients.keys());
    Matrix normed = attentionNorm.forward(trace.input);
    Matrix dNormed = zerosLike(normed);
    AttentionStep.Operands made = trace.made == null ? trace.attention : trace.made;
    inputs.backward(dNormed, gradients, made, normed, sink);
    return dNormed;
  }

  private static Matrix zerosLike(Matrix matrix) {
    return Matrix.zeros(matrix.rows(), matrix.columns());
  }
}
