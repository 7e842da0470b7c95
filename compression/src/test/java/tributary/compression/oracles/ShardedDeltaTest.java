package tributary.compression.oracles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.compression.LinearProblem;
import tributary.compression.deltazip.DeltaZipEncoder;
import tributary.compression.deltazip.DeltaZipEncoder.Rule;
import tributary.compression.deltazip.DeltaZipEncoder.Settings;
import tributary.compression.deltazip.Keep;
import tributary.compression.oracles.Shards.Part;
import tributary.compression.solver.Problems;
import tributary.gpu.Activations;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.RowRun;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;

/**
 * Codes of DeltaZip that are cut for several devices where they lie, without being decoded, and
 * multiplied by the kernels part by part. Layers that are fused are cut first and fused then, so
 * that each device has its part of every layer.
 */
class ShardedDeltaTest {
  private static final int COLUMNS = 192;
  private static final int[] FUSED_ROWS = {32, 16, 16};
  private static final int TOKENS = 3;

  private static final List<Backend> BACKENDS =
      List.of(Backends.open(BackendChoice.SCALAR, 1), Backends.open(BackendChoice.VECTOR, 1));

  private final Arena arena = Arena.ofAuto();

  @AfterAll
  static void close() {
    BACKENDS.forEach(Backend::close);
  }

  static Stream<Arguments> forms() {
    List<Settings> forms =
        List.of(
            new Settings(4, new Keep.Some(2, 4), 0, Rule.PUBLISHED, 0.01),
            new Settings(3, new Keep.Some(2, 4), 0, Rule.PUBLISHED, 0.01),
            new Settings(2, new Keep.Some(2, 4), 16, Rule.PUBLISHED, 0.01),
            new Settings(4, new Keep.All(), 0, Rule.PUBLISHED, 0.01),
            new Settings(3, new Keep.All(), 48, Rule.PUBLISHED, 0.01));
    return forms.stream()
        .flatMap(form -> Stream.of(1, 2, 4).map(degree -> Arguments.of(form, degree)));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void outputs_of_cut_and_fused_layers_are_those_of_whole_ones(Settings form, int degree) {
    List<Layer> layers =
        IntStream.range(0, FUSED_ROWS.length).mapToObj(i -> layer(form, i, FUSED_ROWS[i])).toList();
    float[] x = Problems.gaussian(7, TOKENS * COLUMNS);
    for (Backend backend : BACKENDS) {
      List<float[][]> wanted = layers.stream().map(layer -> outputs(backend, layer, x)).toList();
      List<float[][]> found =
          layers.stream().map(layer -> new float[TOKENS][layer.code().rows()]).toList();
      for (int device = 0; device < degree; device++) {
        int part = device;
        List<Layer> own = layers.stream().map(layer -> layer.rowPart(part, degree)).toList();
        float[][] outputs = outputs(backend, Layer.fused(own), x);
        for (int token = 0; token < TOKENS; token++) {
          int from = 0;
          for (float[][] layer : found) {
            int each = layer[token].length / degree;
            System.arraycopy(outputs[token], from, layer[token], device * each, each);
            from += each;
          }
        }
      }
      for (int layer = 0; layer < wanted.size(); layer++) {
        assertThat(found.get(layer)).isDeepEqualTo(wanted.get(layer));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("forms")
  void sums_of_layers_that_are_cut_by_inputs_are_those_of_whole_ones(Settings form, int degree) {
    Layer layer = layer(form, 9, 20);
    float[] x = Problems.gaussian(8, TOKENS * COLUMNS);
    int each = COLUMNS / degree;
    for (Backend backend : BACKENDS) {
      float[][] wanted = outputs(backend, layer, x);
      float[][] found = new float[TOKENS][20];
      for (int device = 0; device < degree; device++) {
        float[] own = new float[TOKENS * each];
        for (int token = 0; token < TOKENS; token++) {
          System.arraycopy(x, token * COLUMNS + device * each, own, token * each, each);
        }
        float[][] sums = outputs(backend, layer.columnPart(device, degree), own);
        for (int token = 0; token < TOKENS; token++) {
          for (int row = 0; row < 20; row++) {
            found[token][row] += sums[token][row];
          }
        }
      }
      for (int token = 0; token < TOKENS; token++) {
        assertThat(found[token]).containsExactly(wanted[token], within(2e-4f));
      }
    }
  }

  /** A base matrix [rows, columns] and the code of a tenant's difference to it. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Layer(float[] base, MatrixCode code) {
    Layer rowPart(int device, int degree) {
      int each = code.rows() / degree;
      int first = device * each;
      return new Layer(
          Arrays.copyOfRange(base, first * code.columns(), (first + each) * code.columns()),
          Shards.of(code, new Part(first, first + each, 0, code.columns())));
    }

    Layer columnPart(int device, int degree) {
      int each = code.columns() / degree;
      float[] part = new float[code.rows() * each];
      for (int row = 0; row < code.rows(); row++) {
        System.arraycopy(base, row * code.columns() + device * each, part, row * each, each);
      }
      return new Layer(
          part, Shards.of(code, new Part(0, code.rows(), device * each, (device + 1) * each)));
    }

    static Layer fused(List<Layer> layers) {
      float[] bases = new float[0];
      for (Layer layer : layers) {
        int before = bases.length;
        bases = Arrays.copyOf(bases, before + layer.base.length);
        System.arraycopy(layer.base, 0, bases, before, layer.base.length);
      }
      return new Layer(bases, Shards.stacked(layers.stream().map(Layer::code).toList()));
    }
  }

  private Layer layer(Settings form, long seed, int rows) {
    float[] difference = Problems.gaussian(seed, rows * COLUMNS);
    LinearProblem problem = Problems.problem(rows, Problems.gram(seed, COLUMNS, 300), difference);
    MatrixCode code = new DeltaZipEncoder(form).encode(problem, arena);
    return new Layer(Problems.gaussian(seed + 100, rows * COLUMNS), code);
  }

  /** By token: the first is of the base, the others are the tenant's. */
  private static float[][] outputs(Backend backend, Layer layer, float[] x) {
    int columns = layer.code.columns();
    int rows = layer.code.rows();
    Activations in = backend.activations(TOKENS, columns);
    for (int token = 0; token < TOKENS; token++) {
      in.writeRow(token, Arrays.copyOfRange(x, token * columns, (token + 1) * columns));
    }
    Activations out = backend.activations(TOKENS, rows);
    TensorView base = TensorView.of(Shape.of(rows, columns), layer.base);
    try (DeltaMatrix delta = backend.delta(new DeltaTensor.Coded(layer.code, null, null))) {
      var tenant = new RowRun<>(1, TOKENS - 1, delta);
      backend.linear().apply(out, in, backend.matrix(base), List.of(tenant));
    }
    List<float[]> outputs = new ArrayList<>();
    for (int token = 0; token < TOKENS; token++) {
      float[] row = new float[rows];
      out.readRow(token, row);
      outputs.add(row);
    }
    return outputs.toArray(float[][]::new);
  }
}
