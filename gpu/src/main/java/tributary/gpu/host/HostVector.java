package tributary.gpu.host;

import tributary.gpu.WeightVector;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;

/** A weight vector, widened to fp32. */
public final class HostVector implements WeightVector {
  private final float[] values;

  private HostVector(float[] values) {
    this.values = values;
  }

  /** A copy of the view. */
  public static HostVector copyOf(TensorView view) {
    if (view.shape().rank() != 1) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "weight vector has shape %s; a vector has one dimension".formatted(view.shape()));
    }
    HostMatrix.requireWeights(view.type());
    return new HostVector(view.toFloats());
  }

  /** The same vector, known to be this backend's. */
  public static HostVector of(WeightVector vector) {
    if (vector instanceof HostVector host) {
      return host;
    }
    throw new IllegalArgumentException(
        "weight vector of another backend: " + vector.getClass().getName());
  }

  @Override
  public int length() {
    return values.length;
  }

  public float[] values() {
    return values;
  }

  @Override
  public void close() {}
}
