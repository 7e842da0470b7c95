package tributary.gpu.cuda;

import tributary.gpu.WeightMatrix;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.TensorView;

/** A matrix of the base, as it is before its model is compiled: nothing of it is on the device. */
sealed interface CudaMatrix extends WeightMatrix {
  /** Values in host memory, which outlives the compiled model. */
  record Stored(TensorView view) implements CudaMatrix {
    public Stored {
      if (view.shape().rank() != 2) {
        throw new TributaryException(
            ErrorCode.TENSOR_SHAPE,
            "weight matrix has shape %s; a matrix has two dimensions".formatted(view.shape()));
      }
      requireWeights(view.type());
    }

    @Override
    public int rows() {
      return Math.toIntExact(view.shape().dimension(0));
    }

    @Override
    public int columns() {
      return Math.toIntExact(view.shape().dimension(1));
    }
  }

  /** Values that the device makes up. */
  record Random(int rows, int columns, long seed) implements CudaMatrix {}

  /** The same matrix, known to be this backend's. */
  static CudaMatrix of(WeightMatrix matrix) {
    if (matrix instanceof CudaMatrix cuda) {
      return cuda;
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

  /** The memory belongs to whoever made the view; the compiled model owns its own copy. */
  @Override
  default void close() {}
}
