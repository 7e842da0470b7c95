package tributary.model.gradient;

import tributary.gpu.Gemm;
import tributary.model.ModelConfig;

/** One block of the model: attention, then the feed-forward layers, each added to its input. */
final class BlockStep {
  /**
   * What the way back needs of a block, per token 2 hidden + heads + 2 key-value heads + heads + 2
   * intermediate values.
   *
   * @param input of the block, [T, hidden]
   * @param attention queries and keys rotated
   * @param attended [T, heads * headSize]
   * @param middle input and attention's output together, [T, hidden]
   * @param gate [T, intermediate]
   * @param up [T, intermediate]
   */
  record Trace(
      Matrix input,
      AttentionStep.Operands attention,
      Matrix attended,
      Matrix middle,
      Matrix gate,
      Matrix up) {}

  private final NormStep attentionNorm;
  private final LinearStep query;
  private final LinearStep key;
  private final LinearStep value;
  private final LinearStep output;
  private final NormStep mlpNorm;
  private final LinearStep gate;
  private final LinearStep up;
  private final LinearStep down;

  BlockStep(DenseModel model, Gemm gemm, int layer) {
    ModelConfig config = model.config();
    int hidden = config.hiddenSize();
    int inner = config.intermediateSize();
    int queries = config.heads() * config.headSize();
    int keys = config.kvHeads() * config.headSize();
    String prefix = DenseModel.prefix(layer);
    attentionNorm = new NormStep(model, prefix + "input_layernorm.weight");
    query = new LinearStep(model, gemm, prefix + "self_attn.q_proj", queries, hidden);
    key = new LinearStep(model, gemm, prefix + "self_attn.k_proj", keys, hidden);
    value = new LinearStep(model, gemm, prefix + "self_attn.v_proj", keys, hidden);
    output = new LinearStep(model, gemm, prefix + "self_attn.o_proj", hidden, queries);
    mlpNorm = new NormStep(model, prefix + "post_attention_layernorm.weight");
    gate = new LinearStep(model, gemm, prefix + "mlp.gate_proj", inner, hidden);
    up = new LinearStep(model, gemm, prefix + "mlp.up_proj", inner, hidden);
    down = new LinearStep(model, gemm, prefix + "mlp.down_proj", hidden, inner);
  }

  /** Computes up to the gated unit; {@link #output} is what remains. */
  Trace forward(Matrix input, RotaryStep rotary, AttentionStep attention) {
    Matrix normed = attentionNorm.forward(input);
    AttentionStep.Operands operands =
        new AttentionStep.Operands(
            query.forward(normed), key.forward(normed), value.forward(normed));
    rotary.forward(operands.queries());
    rotary.forward(operands.keys());
    Matrix attended = attention.forward(operands);
    Matrix middle = output.forward(attended);
    add(middle, input);
    Matrix normedMiddle = mlpNorm.forward(middle);
    return new Trace(
        input, operands, attended, middle, gate.forward(normedMiddle), up.forward(normedMiddle));
  }

  /** The block's output, [T, hidden]. */
  Matrix output(Trace trace) {
    Matrix output = down.forward(GatedStep.forward(trace.gate, trace.up));
    add(output, trace.middle);
    return output;
  }

  /** Turns the gradient of the block's output into that of its input, in place. */
  void backward(
      Matrix gradient, Trace trace, RotaryStep rotary, AttentionStep attention, GradientSink sink) {
    feedForwardBackward(gradient, trace, sink);
    attentionBackward(gradient, trace, rotary, attention, sink);
  }

  private void feedForwardBackward(Matrix gradient, Trace trace, GradientSink sink) {
    Matrix product = GatedStep.forward(trace.gate, trace.up);
    Matrix dProduct = zerosLike(product);
    down.backward(dProduct, gradient, product, sink);
    Matrix dGate = zerosLike(product);
    Matrix dUp = zerosLike(product);
    GatedStep.backward(dGate, dUp, dProduct, trace.gate, trace.up);
    Matrix normed = mlpNorm.forward(trace.middle);
    Matrix dNormed = zerosLike(normed);
    up.backward(dNormed, dUp, normed, sink);
    gate.backward(dNormed, dGate, normed, sink);
    mlpNorm.backward(gradient, dNormed, trace.middle, sink);
  }

  private void attentionBackward(
      Matrix gradient, Trace trace, RotaryStep rotary, AttentionStep attention, GradientSink sink) {
    Matrix dAttended = zerosLike(trace.attended);
    output.backward(dAttended, gradient, trace.attended, sink);
    AttentionStep.Operands gradients = attention.backward(dAttended, trace.attention);
    rotary.backward(gradients.queries());
    rotary.backward(gradients.keys());
    Matrix normed = attentionNorm.forward(trace.input);
    Matrix dNormed = zerosLike(normed);
    value.backward(dNormed, gradients.values(), normed, sink);
    key.backward(dNormed, gradients.keys(), normed, sink);
    query.backward(dNormed, gradients.queries(), normed, sink);
    attentionNorm.backward(gradient, dNormed, trace.input, sink);
  }

  private static Matrix zerosLike(Matrix matrix) {
    return Matrix.zeros(matrix.rows(), matrix.columns());
  }

  private static void add(Matrix sum, Matrix x) {
    for (int i = 0; i < sum.values().length; i++) {
      sum.values()[i] += x.values()[i];
    }
  }
}
