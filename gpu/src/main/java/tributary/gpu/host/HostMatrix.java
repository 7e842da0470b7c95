package tributary.gpu.host;

import tributary.gpu.WeightMatrix;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.TensorView;

/** A weight matrix where it already lies: a view, mostly of a mapped file. */
public final class HostMatrix implements WeightMatrix {
  private final TensorView view;
  private final int rows;
  private final int columns;

  private HostMatrix(TensorView view) {
    this.view = view;
    this.rows = Math.toIntExact(view.shape().dimension(0));
    this.columns = Math.toIntExact(view.shape().dimension(1));
  }

  public static HostMatrix of(TensorView view) {
    if (view.shape().rank() != 2) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "weight matrix has shape %s; a matrix has two dimensions".formatted(view.shape()));
    }
    requireWeights(view.type());
    return new HostMatrix(view);
  }

  /** The same matrix, known to be this backend's. */
  public static HostMatrix of(WeightMatrix matrix) {
    if (matrix instanceof HostMatrix host) {
      return host;
    }
    throw new IllegalArgumentException(
        "weight matrix of another backend: " + matrix.getClass().getName());
  }

  static void requireWeights(DType type) {
    switch (type) {
      case F32, F16, BF16 -> {}
      case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL ->
          throw new TributaryException(
              ErrorCode.SAFETENSORS_DTYPE,
              "weights are %s; this backend computes with F32, F16 and BF16".formatted(type));
    }
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  public TensorView view() {
    return view;
  }

  /** One element, widened. */
  public float value(int row, int column) {
    return view.getFloat((long) row * columns + column);
  }

  /** The memory belongs to whoever made the view. */
  @Override
  public void close() {}
}
