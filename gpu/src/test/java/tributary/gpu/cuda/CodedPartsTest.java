package tributary.gpu.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;
import tributary.tensor.format.SparseCodes;

/**
 * What the kernels are told of coded parts stands for the codes' values: {@code Part} of {@code
 * step.cuh}, read as that file says. Kernels themselves are held against it on a device.
 */
class CodedPartsTest {
  private static final int ROWS = 40;
  private static final int COLUMNS = 328;
  private static final int UNIT_BYTES = 512;
  private static final double MAGNITUDE = 0.05;

  private final DeviceImage image = new DeviceImage();
  private final RecordingDriver driver = new RecordingDriver(image);
  private final Uploader uploader =
      new Uploader(driver, Kernels.load(driver, _ -> new byte[0]), new PinnedMemory(driver));
  private final DeviceArena arena = new DeviceArena(driver, "delta");

  /** A part as the kernels find it. */
  private record Found(MemorySegment part, long extra) {
    int number(long at) {
      return part.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    }

    long codes() {
      return part.get(ValueLayout.JAVA_LONG, 0);
    }

    int kind() {
      return number(24);
    }

    int planes() {
      return number(25);
    }

    int codeBits() {
      return number(27);
    }
  }

  private Found found(TenantPart part) {
    MemorySegment written = Arena.ofAuto().allocate(ProjectionLayout.BYTES, Long.BYTES);
    ProjectionLayout.write(written, List.of(part.part()), ROWS);
    return new Found(written, written.get(ValueLayout.JAVA_LONG, 104));
  }

  private float scale(Found found, int plane, int row) {
    long scales = found.part.get(ValueLayout.JAVA_LONG, 8);
    return floatAt(scales, (long) plane * ROWS + row);
  }

  private float floatAt(long address, long index) {
    return image.at(address + index * Float.BYTES, Float.BYTES).get(ValueLayout.JAVA_FLOAT, 0);
  }

  private static long tileBytes(int blocks, int units) {
    return Math.ceilDiv(ROWS, 16) * (long) blocks * units * UNIT_BYTES;
  }

  private static float half(int bits) {
    return Float.float16ToFloat((short) bits);
  }

  private static void check(MatrixCode code, Value value, double tolerance) {
    float[] wanted = new float[COLUMNS];
    float[] found = new float[COLUMNS];
    for (int row = 0; row < ROWS; row++) {
      code.readRow(row, wanted);
      for (int k = 0; k < COLUMNS; k++) {
        found[k] = value.of(row, k);
      }
      assertThat(found).as("row %d", row).containsExactly(wanted, within((float) tolerance));
    }
  }

  private interface Value {
    float of(int row, int column);
  }

  private static float[] factors() {
    float[] factors = new float[ROWS];
    for (int row = 0; row < ROWS; row++) {
      factors[row] = 1 + row / 100f;
    }
    return factors;
  }

  private void checkFactors(Found found, int scaleRows) {
    assertThat(found.number(29)).isEqualTo(1);
    for (int row = 0; row < ROWS; row++) {
      assertThat(scale(found, scaleRows, row)).isEqualTo(factors()[row]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void two_of_four_codes(int bits) {
    for (boolean grouped : new boolean[] {false, true}) {
      SparseCodes code =
          new RandomCodes(new SplittableRandom(bits), MAGNITUDE)
              .sparse(ROWS, COLUMNS, bits, grouped);
      assertThat(SparsePart.serves(code)).isTrue();
      Found found = found(SparsePart.load(uploader, arena, code, factors(), Placement.ALONE));
      assertThat(found.kind()).isEqualTo(3);
      checkFactors(found, found.planes());
      check(code, (row, k) -> sparse(found, row, k), 1e-6);
    }
  }

  private float sparse(Found found, int row, int k) {
    int bits = found.codeBits() % 16;
    int groupInputs = 32 << (found.codeBits() / 16);
    float sum = 0;
    for (int p = 0; p < found.planes(); p++) {
      var plane =
          image.plane(found.codes() + p * tileBytes(Math.ceilDiv(COLUMNS, 256), 1 + bits / 2));
      int pattern = plane.patterns()[row][k / 4];
      int kept = k % 4 == (pattern & 3) ? 0 : k % 4 == pattern >> 2 ? 1 : -1;
      if (kept < 0) {
        continue;
      }
      float scale = scale(found, p, row);
      if (found.extra != 0) {
        long group = (long) p * Math.ceilDiv(COLUMNS, groupInputs) + k / groupInputs;
        scale *= floatAt(found.extra, group * ROWS + row);
      }
      sum += scale * (2 * plane.codes()[row][k / 4 * 2 + kept] - found.number(30 + p));
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void grouped_codes(int seed) {
    RandomCodes random = new RandomCodes(new SplittableRandom(seed), MAGNITUDE);
    GroupedCodes code =
        seed % 3 == 0
            ? random.bilevel(ROWS, COLUMNS)
            : random.groupedBySixteens(ROWS, COLUMNS, seed % 3 == 1);
    assertThat(GroupedPart.serves(code)).isTrue();
    Found found = found(GroupedPart.load(uploader, arena, code, factors(), Placement.ALONE));
    assertThat(found.kind()).isEqualTo(4);
    checkFactors(found, found.planes());
    check(code, (row, k) -> grouped(found, row, k), MAGNITUDE * 0x1p-10);
  }

  private float grouped(Found found, int row, int k) {
    MemorySegment extra = image.at(found.extra, 4 * Long.BYTES);
    long columnOf = extra.get(ValueLayout.JAVA_LONG, 0);
    long positionOf = extra.get(ValueLayout.JAVA_LONG, 8);
    long offsets = extra.get(ValueLayout.JAVA_LONG, 16);
    int position = k;
    if (positionOf != 0) {
      position = image.at(positionOf + 2L * k, 2).get(ValueLayout.JAVA_SHORT, 0) & 0xFFFF;
      assertThat(image.at(columnOf + 2L * position, 2).get(ValueLayout.JAVA_SHORT, 0))
          .isEqualTo((short) k);
    }
    float sum = 0;
    for (int p = 0; p < found.planes(); p++) {
      int units = 1 + found.codeBits() / 2;
      var plane = image.plane(found.codes() + p * tileBytes(Math.ceilDiv(COLUMNS, 128), units));
      int both = plane.statistics()[row][position];
      sum +=
          scale(found, p, row)
              * half(both)
              * (2 * plane.codes()[row][position] - half(both >>> 16));
    }
    if (offsets == 0) {
      return sum;
    }
    int first = image.at(offsets + 4L * row, 4).get(ValueLayout.JAVA_INT, 0);
    int end = image.at(offsets + 4L * (row + 1), 4).get(ValueLayout.JAVA_INT, 0);
    long outliers = extra.get(ValueLayout.JAVA_LONG, 24);
    for (int i = first; i < end; i++) {
      int outlier = image.at(outliers + 4L * i, 4).get(ValueLayout.JAVA_INT, 0);
      if ((outlier & 0xFFFF) == position) {
        sum += half(outlier >>> 16);
      }
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void look_up_planes_at_every_width(int planes) {
    LookupPlanes code =
        new RandomCodes(new SplittableRandom(planes), MAGNITUDE).lookup(ROWS, COLUMNS, planes);
    CudaDelta.Coded delta =
        (CudaDelta.Coded) CudaDelta.of(new DeltaTensor.Coded(code, factors(), null));
    LookupPart part = LookupPart.load(uploader, arena, delta, code, Placement.ALONE);
    assertThat(part.hasWidths()).isEqualTo(planes > 1);
    for (int width = planes; width > 0; width--) {
      delta.setWidth(width);
      part.refresh();
      Found found = found(part);
      assertThat(found.kind()).isEqualTo(5);
      assertThat(found.planes()).isEqualTo(1);
      assertThat(found.codeBits()).isEqualTo(width);
      checkFactors(found, 1);
      check(code.atWidth(width), (row, k) -> lookup(found, row, k), MAGNITUDE * 0x1p-8);
    }
  }

  private float lookup(Found found, int row, int k) {
    int index = 0;
    for (int p = 0; p < found.codeBits(); p++) {
      var plane = image.plane(found.codes() + p * tileBytes(Math.ceilDiv(COLUMNS, 256), 1));
      index |= plane.codes()[row][k] << p;
    }
    MemorySegment table = image.at(found.extra + 32L * row, 32);
    int upper = table.get(ValueLayout.JAVA_BYTE, index) & 0xFF;
    int lower = table.get(ValueLayout.JAVA_BYTE, 16L + index) & 0xFF;
    return Float.intBitsToFloat((upper << 8 | lower) << 16);
  }
}
