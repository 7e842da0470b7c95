package tributary.model.network;

import org.jspecify.annotations.Nullable;
import tributary.gpu.Backend;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;
import tributary.gpu.program.BaseOperands;
import tributary.gpu.program.ProgramRecorder;
import tributary.gpu.program.StepCompiler;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/** The base's values of a network's parameters, in a backend's memory. */
public final class Weights implements BaseOperands, AutoCloseable {
  private final @Nullable WeightMatrix[] matrices;
  private final @Nullable WeightVector[] vectors;

  private final Parameters parameters;

  private Weights(Parameters parameters) {
    this.parameters = parameters;
    matrices = new WeightMatrix[parameters.matrices()];
    vectors = new WeightVector[parameters.vectors()];
  }

  /** What stands for each parameter while a step is recorded; tied ones stand for themselves. */
  static Weights placeholders(Parameters parameters, ProgramRecorder recorder) {
    Weights weights = new Weights(parameters);
    for (Parameter parameter : parameters.all()) {
      switch (parameter) {
        case Parameter.Matrix m ->
            weights.matrices[m.slot()] = recorder.matrix(m.slot(), m.rows(), m.columns());
        case Parameter.Vector v ->
            weights.vectors[v.slot()] = recorder.vector(v.slot(), v.length());
      }
    }
    return weights;
  }

  /** Values for measuring speed. */
  public static Weights random(Network network, StepCompiler device) {
    Weights weights = new Weights(network.parameters());
    for (Parameter parameter : network.parameters().all()) {
      switch (parameter) {
        case Parameter.Matrix m when m.tiedTo() == null ->
            weights.matrices[m.slot()] = device.randomMatrix(m.rows(), m.columns(), m.slot() + 1);
        case Parameter.Vector v when v.inBase() ->
            weights.vectors[v.slot()] = device.ones(v.length());
        case Parameter.Matrix _, Parameter.Vector _ -> {}
      }
    }
    return weights;
  }

  /**
   * Loads every parameter, having checked that each is there with the right shape and that nothing
   * else is.
   */
  public static Weights load(Network network, TensorSource source, Backend backend) {
    check(network, source);
    Weights weights = new Weights(network.parameters());
    try {
      for (Parameter parameter : network.parameters().all()) {
        weights.load(parameter, source, backend);
      }
      return weights;
    } catch (RuntimeException | Error e) {
      weights.close();
      throw e;
    }
  }

  /** Computes with another matrix of this shape from now on, and owns it; the old one is closed. */
  public void replace(Parameter.Matrix parameter, WeightMatrix matrix) {
    if (matrix.rows() != parameter.rows() || matrix.columns() != parameter.columns()) {
      throw new IllegalArgumentException(
          "%s: found a matrix of %d x %d, wanted %s"
              .formatted(parameter.name(), matrix.rows(), matrix.columns(), parameter.shape()));
    }
    WeightMatrix old = matrices[parameter.slot()];
    matrices[parameter.slot()] = matrix;
    if (old != null) {
      old.close();
    }
  }

  @Override
  public WeightMatrix matrix(int slot) {
    return matrix(parameters.matrixOf(slot));
  }

  @Override
  public @Nullable WeightVector vector(int slot) {
    return vectors[slot];
  }

  /** The matrix, or the one it is tied to. */
  WeightMatrix matrix(Parameter.Matrix parameter) {
    WeightMatrix own = matrices[parameter.slot()];
    if (own != null) {
      return own;
    }
    if (parameter.tiedTo() == null) {
      throw new AssertionError("not loaded: " + parameter.name());
    }
    return matrix(parameter.tiedTo());
  }

  /** The vector, or null when only tenants can have it. */
  @Nullable WeightVector vector(Parameter.Vector parameter) {
    return vectors[parameter.slot()];
  }

  @Override
  public void close() {
    for (WeightMatrix matrix : matrices) {
      if (matrix != null) {
        matrix.close();
      }
    }
    for (WeightVector vector : vectors) {
      if (vector != null) {
        vector.close();
      }
    }
  }

  private void load(Parameter parameter, TensorSource source, Backend backend) {
    switch (parameter) {
      case Parameter.Matrix matrix when matrix.tiedTo() == null ->
          matrices[matrix.slot()] = backend.matrix(source.tensor(matrix.name()));
      case Parameter.Vector vector when vector.inBase() ->
          vectors[vector.slot()] = backend.vector(vector.effective(source.tensor(vector.name())));
      case Parameter.Matrix _, Parameter.Vector _ -> {}
    }
  }

  private static void check(Network network, TensorSource source) {
    for (Parameter parameter : network.parameters().all()) {
      boolean wanted =
          switch (parameter) {
            case Parameter.Matrix matrix -> matrix.tiedTo() == null;
            case Parameter.Vector vector -> vector.inBase();
          };
      if (wanted) {
        check(parameter, source);
      }
    }
    var known = network.parameters().byName();
    for (String name : source.names()) {
      boolean used =
          switch (known.get(name)) {
            case null -> false;
            case Parameter.Matrix _ -> true;
            case Parameter.Vector vector -> vector.inBase();
          };
      if (!used && !network.ignores(name)) {
        throw new TributaryException(
            ErrorCode.MODEL_CONFIG,
            ("tensor %s is in the checkpoint, but a model of this config.json computes nothing"
                    + " with it; the two do not belong together")
                .formatted(name));
      }
    }
  }

  private static void check(Parameter parameter, TensorSource source) {
    if (!source.names().contains(parameter.name())) {
      throw new TributaryException(
          ErrorCode.MISSING_TENSOR,
          "tensor %s of shape %s is not in the checkpoint; config.json asks for it"
              .formatted(parameter.name(), parameter.shape()));
    }
    TensorView tensor = source.tensor(parameter.name());
    switch (tensor.type()) {
      case F32, F16, BF16 -> {}
      case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL ->
          throw new TributaryException(
              ErrorCode.SAFETENSORS_DTYPE,
              "tensor %s is of type %s; weights may be F32, F16 or BF16"
                  .formatted(parameter.name(), tensor.type()));
    }
    checkShape(parameter.name(), tensor.shape(), parameter.shape());
  }

  static void checkShape(String name, Shape found, Shape wanted) {
    if (!found.equals(wanted)) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "tensor %s has shape %s; config.json asks for %s".formatted(name, found, wanted));
    }
  }
}
