package tributary.gpu.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Attention;
import tributary.gpu.WeightMatrix;
import tributary.gpu.program.BaseOperands;
import tributary.gpu.program.StepOp;
import tributary.gpu.program.StepProgram;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Turns a program, kernel by kernel, into launches of fused kernels: projections of one input are
 * merged where what follows takes them together, and additions go into the projection before them.
 *
 * <p>Buffers of the program are followed by what they hold. A product waits until an operation
 * takes it; what takes it decides how it is launched.
 */
final class Lowering {
  /** What a buffer of the program holds. */
  private sealed interface Content {
    /** A buffer of the device. */
    record Ready(Buffer buffer) implements Content {}

    /** A product that has not been launched. */
    record Product(int matrix, Buffer of, int bias) implements Content {}
  }

  private enum Buffer {
    RESIDUAL,
    NORMED,
    QUERIES,
    ATTENDED,
    INNER
  }

  private static final int NO_BIAS = -1;

  private final BaseOperands base;
  private final Map<Integer, Content> contents = new HashMap<>();
  private final List<DeviceOp> ops = new ArrayList<>();
  private final List<Projection> projections = new ArrayList<>();
  private StepOp.@Nullable Rotate rotation;
  private int hidden;
  private int attended;
  private int inner;

  private Lowering(BaseOperands base) {
    this.base = base;
  }

  /**
   * Lowers a program.
   *
   * @throws TributaryException {@code model_config} when the kernels cannot compute it
   */
  static DevicePlan lower(StepProgram program, BaseOperands base) {
    Lowering lowering = new Lowering(base);
    program.ops().forEach(lowering::take);
    Content.Product logits = lowering.product(program.logits());
    if (logits.of != Buffer.NORMED || logits.bias != NO_BIAS) {
      throw unsupported("logits that are not one product of a norm");
    }
    lowering.ops.add(new DeviceOp.Head(lowering.merge(logits)));
    return new DevicePlan(
        lowering.ops, lowering.projections, lowering.hidden, lowering.attended, lowering.inner);
  }

  private void take(StepOp op) {
    switch (op) {
      case StepOp.Embed embed -> embed(embed);
      case StepOp.Multiply(var out, var x, var matrix) ->
          contents.put(out, new Content.Product(matrix, ready(x), NO_BIAS));
      case StepOp.AddBias(var out, var vector) -> {
        Content.Product product = product(out);
        contents.put(out, new Content.Product(product.matrix, product.of, vector));
      }
      case StepOp.Normalize normalize -> normalize(normalize);
      case StepOp.Rotate rotate -> rotate(rotate);
      case StepOp.Attend(var out, var q, var layer, var scores) -> {
        require(ready(q) == Buffer.QUERIES, "attention of anything but rotated queries");
        require(
            scores.equals(Attention.Scores.scaled(scores.scale())),
            "attention within a window, or with a cap");
        if (rotation == null || rotation.layer() != layer) {
          throw unsupported("attention to another layer's keys");
        }
        ops.add(new DeviceOp.Attend(rotation.frequencies(), layer, scores.scale()));
        contents.put(out, new Content.Ready(Buffer.ATTENDED));
      }
      case StepOp.Add add -> add(add);
      case StepOp.Gate gate -> gate(gate);
      case StepOp.Other(var what) -> throw unsupported(what);
    }
  }

  private void embed(StepOp.Embed embed) {
    require(ops.isEmpty(), "embeddings after the step's begin");
    WeightMatrix matrix = base.matrix(embed.matrix());
    hidden = matrix.columns();
    ops.add(new DeviceOp.Embed(merge(new Content.Product(embed.matrix(), Buffer.NORMED, NO_BIAS))));
    contents.put(embed.out(), new Content.Ready(Buffer.RESIDUAL));
  }

  private void normalize(StepOp.Normalize normalize) {
    require(ready(normalize.x()) == Buffer.RESIDUAL, "a norm of anything but the residual");
    requireNothingWaits(Buffer.NORMED);
    ops.add(new DeviceOp.Normalize(normalize.vector(), normalize.epsilon()));
    contents.values().removeIf(content -> content.equals(new Content.Ready(Buffer.NORMED)));
    contents.put(normalize.out(), new Content.Ready(Buffer.NORMED));
  }

  private void rotate(StepOp.Rotate rotate) {
    Content.Product q = product(rotate.q());
    Content.Product k = product(rotate.k());
    Content.Product v = product(rotate.v());
    require(
        q.of == Buffer.NORMED && k.of == Buffer.NORMED && v.of == Buffer.NORMED,
        "queries, keys and values of anything but a norm");
    attended = base.matrix(q.matrix).rows();
    ops.add(new DeviceOp.QueryKeyValue(merge(q, k, v)));
    int column = 0;
    for (Content.Product product : List.of(q, k, v)) {
      int rows = base.matrix(product.matrix).rows();
      if (product.bias != NO_BIAS) {
        ops.add(new DeviceOp.QueryKeyValueBias(product.bias, column, rows));
      }
      column += rows;
    }
    rotation = rotate;
    contents.remove(rotate.k());
    contents.remove(rotate.v());
    contents.put(rotate.q(), new Content.Ready(Buffer.QUERIES));
  }

  private void add(StepOp.Add add) {
    require(ready(add.out()) == Buffer.RESIDUAL, "a sum with anything but the residual");
    Content.Product product = product(add.x());
    require(
        product.of == Buffer.ATTENDED || product.of == Buffer.INNER,
        "a projection to the residual of anything but attention or the gated layer");
    ops.add(new DeviceOp.AddProjection(merge(product), product.of == Buffer.ATTENDED));
    if (product.bias != NO_BIAS) {
      ops.add(new DeviceOp.ResidualBias(product.bias));
    }
    contents.remove(add.x());
  }

  private void gate(StepOp.Gate gate) {
    Content.Product gates = product(gate.gate());
    Content.Product ups = product(gate.up());
    require(gates.of == Buffer.NORMED && ups.of == Buffer.NORMED, "a gate of no norm");
    inner = base.matrix(gates.matrix).rows();
    require(
        base.matrix(ups.matrix).rows() == inner && inner % 8 == 0,
        "a gated layer whose width is not a multiple of 8");
    Projection merged =
        new Projection(
            List.of(
                new Projection.Member(gates.matrix, inner, new Placement(0, true)),
                new Projection.Member(ups.matrix, inner, new Placement(8, true))),
            columns(gates.matrix),
            2 * inner);
    projections.add(merged);
    ops.add(new DeviceOp.GateUp(projections.size() - 1, gates.bias, ups.bias));
    contents.remove(gate.gate());
    contents.remove(gate.up());
    contents.put(gate.out(), new Content.Ready(Buffer.INNER));
  }

  /** Matrices of one input, one after the other; returns the projection's number. */
  private int merge(Content.Product... products) {
    List<Projection.Member> members = new ArrayList<>();
    int first = 0;
    for (Content.Product product : products) {
      int rows = base.matrix(product.matrix).rows();
      members.add(new Projection.Member(product.matrix, rows, new Placement(first, false)));
      first += rows;
    }
    projections.add(new Projection(members, columns(products[0].matrix), first));
    return projections.size() - 1;
  }

  private int columns(int matrix) {
    int columns = base.matrix(matrix).columns();
    require(columns % 8 == 0, "a matrix of " + columns + " columns, which is no multiple of 8");
    return columns;
  }

  private Content.Product product(int buffer) {
    if (contents.get(buffer) instanceof Content.Product product) {
      return product;
    }
    throw unsupported("a product that is used twice, or something else in its place");
  }

  private Buffer ready(int buffer) {
    @Nullable Content content = contents.get(buffer);
    if (content instanceof Content.Ready(var ready)) {
      return ready;
    }
    throw unsupported("an operand that was overwritten, or is an unfinished product");
  }

  private void requireNothingWaits(Buffer buffer) {
    for (Content content : contents.values()) {
      require(
          !(content instanceof Content.Product product && product.of == buffer),
          "a product that is taken after its input was overwritten");
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw unsupported(otherwise);
    }
  }

  private static TributaryException unsupported(String what) {
    return new TributaryException(
        ErrorCode.MODEL_CONFIG,
        "cuda: the model computes %s, for which there is no kernel; choose the backend cpu"
            .formatted(what));
  }
}
