package tributary.gpu.cuda;

import java.util.Arrays;
import tributary.gpu.WeightVector;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;

/** A vector as it is before its model or tenant is loaded: fp32 values on the heap. */
final class CudaVector implements WeightVector {
  private final float[] values;

  private CudaVector(float[] values) {
    this.values = values;
  }

  static CudaVector copyOf(TensorView view) {
    if (view.shape().rank() != 1) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "weight vector has shape %s; a vector has one dimension".formatted(view.shape()));
    }
    CudaMatrix.requireWeights(view.type());
    return new CudaVector(view.toFloats());
  }

  static CudaVector ones(int length) {
    float[] ones = new float[length];
    Arrays.fill(ones, 1);
    return new CudaVector(ones);
  }

  static CudaVector of(WeightVector vector) {
    if (vector instanceof CudaVector cuda) {
      return cuda;
    }
    throw new IllegalArgumentException(
        "weight vector of another backend: " + vector.getClass().getName());
  }

  @Override
  public int length() {
    return values.length;
  }

  float[] values() {
    return values;
  }

  @Override
  public void close() {}
}
