package tributary.model.network;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Backend;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.WeightVector;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.StepCompiler;
import tributary.gpu.program.TenantOperands;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/** One tenant's differences to a base's parameters, in a backend's memory. */
public final class Differences implements TenantOperands, AutoCloseable {
  private final @Nullable DeltaMatrix[] matrices;
  private final @Nullable WeightVector[] vectors;
  private final Parameters parameters;
  private Bytes vectorBytes = Bytes.ZERO;
  private @Nullable CompiledTenant compiled;

  private Differences(Parameters parameters) {
    this.parameters = parameters;
    matrices = new DeltaMatrix[parameters.matrices()];
    vectors = new WeightVector[parameters.vectors()];
  }

  /**
   * Where differences are loaded to.
   *
   * @param compiled the base, where steps are compiled; null where kernels run one by one
   */
  public record Target(Backend backend, @Nullable CompiledModel compiled) {}

  /**
   * Loads every difference; one that does not fit the base, or that nothing would compute with, is
   * refused. The memory behind {@code tensors} must outlive the result.
   */
  public static Differences load(Network network, Map<String, DeltaTensor> tensors, Target target) {
    return load(network, tensors, target, Integer.MAX_VALUE);
  }

  /** Loads what a width needs, to be served at it; see {@link Backend#delta(DeltaTensor, int)}. */
  public static Differences load(
      Network network, Map<String, DeltaTensor> tensors, Target target, int width) {
    Map<String, Parameter> known = network.parameters().byName();
    tensors.forEach((name, tensor) -> check(name, tensor, known.get(name)));
    Differences differences = new Differences(network.parameters());
    try {
      tensors.forEach(
          (name, tensor) -> differences.load(known.get(name), tensor, target.backend, width));
      differences.checkVocabulary(network);
      if (target.compiled != null) {
        differences.compiled = target.compiled.tenant(differences);
      }
      return differences;
    } catch (RuntimeException | Error e) {
      differences.close();
      throw e;
    }
  }

  /** Signs for measuring speed, over every matrix but the embeddings and the head. */
  public static Differences random(
      Network network, StepCompiler device, CompiledModel compiled, int planes) {
    Differences differences = new Differences(network.parameters());
    for (Parameter parameter : network.parameters().all()) {
      if (parameter instanceof Parameter.Matrix m && !m.vocabulary()) {
        differences.matrices[m.slot()] = device.randomSigns(m.rows(), m.columns(), planes);
      }
    }
    differences.compiled = compiled.tenant(differences);
    return differences;
  }

  @Override
  public @Nullable DeltaMatrix matrix(int slot) {
    return matrix(parameters.matrixOf(slot));
  }

  @Override
  public @Nullable WeightVector vector(int slot) {
    return vectors[slot];
  }

  /** These differences on the device that compiled the base. */
  public CompiledTenant compiled() {
    if (compiled == null) {
      throw new IllegalStateException("the base of these differences is not compiled");
    }
    return compiled;
  }

  /** The tenant's difference to the matrix, or to the one it is tied to; null where none. */
  @Nullable DeltaMatrix matrix(Parameter.Matrix parameter) {
    DeltaMatrix own = matrices[parameter.slot()];
    return own != null || parameter.tiedTo() == null ? own : matrix(parameter.tiedTo());
  }

  /** The tenant's own vector, or null when it has the base's. */
  @Nullable WeightVector vector(Parameter.Vector parameter) {
    return vectors[parameter.slot()];
  }

  /** Rows of this matrix as the tenant has it. */
  public int rows(Parameter.Matrix parameter) {
    DeltaMatrix difference = matrix(parameter);
    return difference == null ? parameter.rows() : difference.rows();
  }

  public Bytes size() {
    if (compiled != null) {
      return compiled.size();
    }
    Bytes sum = vectorBytes;
    for (DeltaMatrix matrix : matrices) {
      sum = matrix == null ? sum : sum.plus(matrix.size());
    }
    return sum;
  }

  /** The greatest width that any matrix can be computed at. */
  public int widths() {
    return coded().mapToInt(DeltaMatrix::widths).max().orElse(1);
  }

  /** The greatest width that any matrix is computed at. */
  public int width() {
    return coded().mapToInt(DeltaMatrix::width).max().orElse(1);
  }

  /** Brings what a width needs, so that it may be set; may run beside a forward pass. */
  public void prepare(int width) {
    coded().forEach(matrix -> matrix.prepare(width));
  }

  /** Computes every matrix at this width from now on, or at its own greatest. */
  public void setWidth(int width) {
    coded().forEach(matrix -> matrix.setWidth(width));
    if (compiled != null) {
      compiled.widthsChanged();
    }
  }

  private Stream<DeltaMatrix> coded() {
    return Arrays.stream(matrices).filter(Objects::nonNull).map(Objects::requireNonNull);
  }

  @Override
  public void close() {
    if (compiled != null) {
      compiled.close();
    }
    for (DeltaMatrix matrix : matrices) {
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

  private void load(@Nullable Parameter parameter, DeltaTensor tensor, Backend backend, int width) {
    switch (parameter) {
      case Parameter.Matrix matrix -> matrices[matrix.slot()] = backend.delta(tensor, width);
      case Parameter.Vector vector when tensor instanceof DeltaTensor.Replaced(var value) -> {
        vectors[vector.slot()] = backend.vector(vector.effective(value));
        vectorBytes = vectorBytes.plus(new Bytes((long) vector.length() * Float.BYTES));
      }
      case null -> throw new AssertionError("unchecked");
      case Parameter.Vector _ -> throw new AssertionError("unchecked");
    }
  }

  private void checkVocabulary(Network network) {
    int embedded = rows(network.embedding());
    int headed = rows(network.head());
    if (embedded != headed) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "delta: %s has %d rows and %s has %d; both count the vocabulary and must be equal"
              .formatted(network.embedding().name(), embedded, network.head().name(), headed));
    }
  }

  private static void check(String name, DeltaTensor tensor, @Nullable Parameter parameter) {
    switch (parameter) {
      case null ->
          throw new TributaryException(
              ErrorCode.DELTA_FORMAT,
              "delta: tensor %s is not one that the base's architecture computes with"
                  .formatted(name));
      case Parameter.Matrix matrix -> checkMatrix(matrix, tensor);
      case Parameter.Vector vector -> checkVector(vector, tensor);
    }
  }

  private static void checkMatrix(Parameter.Matrix matrix, DeltaTensor tensor) {
    switch (tensor) {
      case DeltaTensor.Coded(var code, _, var added) -> {
        if (code.rows() != matrix.rows() || code.columns() != matrix.columns()) {
          throw wrongShape(
              matrix, Shape.of(code.rows(), code.columns()), matrix.shape().toString());
        }
        if (added != null) {
          checkAdded(matrix, added);
        }
      }
      case DeltaTensor.Archived _ -> throw archived(matrix);
      case DeltaTensor.Replaced(var value) -> {
        requireFloats(matrix, value);
        Shape found = value.shape();
        boolean fits =
            found.rank() == 2
                && found.dimension(1) == matrix.columns()
                && (matrix.vocabulary()
                    ? found.dimension(0) >= matrix.rows()
                    : found.dimension(0) == matrix.rows());
        if (!fits) {
          throw wrongShape(
              matrix, found, matrix.shape() + (matrix.vocabulary() ? " or more rows" : ""));
        }
      }
    }
  }

  private static void checkAdded(Parameter.Matrix matrix, TensorView added) {
    requireFloats(matrix, added);
    boolean fits = added.shape().rank() == 2 && added.shape().dimension(1) == matrix.columns();
    if (!fits || !matrix.vocabulary()) {
      throw wrongShape(
          matrix,
          added.shape(),
          matrix.vocabulary() ? "added rows of " + matrix.columns() : "no added rows");
    }
  }

  private static TributaryException archived(Parameter parameter) {
    return new TributaryException(
        ErrorCode.DELTA_FORMAT,
        "delta: %s is archived, which nothing computes with; restore the archive with 'restore'"
                .formatted(parameter.name())
            + " and serve what it gives");
  }

  private static void checkVector(Parameter.Vector vector, DeltaTensor tensor) {
    switch (tensor) {
      case DeltaTensor.Coded _ ->
          throw new TributaryException(
              ErrorCode.DELTA_FORMAT,
              "delta: %s is a vector; it must be replaced, not coded".formatted(vector.name()));
      case DeltaTensor.Archived _ -> throw archived(vector);
      case DeltaTensor.Replaced(var value) -> {
        requireFloats(vector, value);
        if (!value.shape().equals(vector.shape())) {
          throw wrongShape(vector, value.shape(), vector.shape().toString());
        }
      }
    }
  }

  private static void requireFloats(Parameter parameter, TensorView value) {
    switch (value.type()) {
      case F32, F16, BF16 -> {}
      case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL ->
          throw new TributaryException(
              ErrorCode.DELTA_FORMAT,
              "delta: %s is of type %s; it may be F32, F16 or BF16"
                  .formatted(parameter.name(), value.type()));
    }
  }

  private static TributaryException wrongShape(Parameter parameter, Shape found, String wanted) {
    return new TributaryException(
        ErrorCode.TENSOR_SHAPE,
        "delta: %s has shape %s; the base asks for %s".formatted(parameter.name(), found, wanted));
  }
}
