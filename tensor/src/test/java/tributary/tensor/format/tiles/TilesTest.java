package tributary.tensor.format.tiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.GroupStatistics;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/** What is packed into tiles comes back, whatever the sizes, and lies where it is said to. */
class TilesTest {
  private final SplittableRandom random = new SplittableRandom(11);
  private final RandomCodes codes = new RandomCodes(random);

  /** Around the edges of tiles, chunks, groups of chunks and slices. */
  static Stream<Arguments> sizes() {
    return Stream.of(1, 16, 33)
        .flatMap(rows -> Stream.of(4, 124, 128, 132, 640, 1376).map(c -> Arguments.of(rows, c)));
  }

  @Test
  void words_of_all_lanes_fill_their_arrays_once() {
    for (int columns : new int[] {1, 128, 1376, 4096, 8192, 8193, 11008}) {
      TileGrid grid = new TileGrid(17, columns);
      boolean[] pairs = new boolean[grid.words(2)];
      boolean[] quads = new boolean[grid.words(4)];
      for (int i = 0; i < quads.length; i++) {
        int lane = i / 4 % 32;
        int chunk = i / 128 % grid.chunks();
        int tile = i / 128 / grid.chunks();
        quads[grid.quad(tile, chunk, lane, i % 4)] = true;
        pairs[grid.pair(tile, chunk, lane, i % 2)] = true;
      }
      assertThat(pairs).doesNotContain(false);
      assertThat(quads).doesNotContain(false);
    }
  }

  @Test
  void a_slice_has_groups_of_four_chunks_and_then_single_ones() {
    TileGrid grid = new TileGrid(16, 11008);
    assertThat(grid.sliceChunks()).isEqualTo(11);
    assertThat(grid.pair(0, 0, 0, 0)).isZero();
    assertThat(grid.pair(0, 3, 0, 0)).isEqualTo(3);
    assertThat(grid.pair(0, 0, 1, 0)).isEqualTo(4);
    assertThat(grid.pair(0, 0, 0, 1)).isEqualTo(128);
    assertThat(grid.pair(0, 4, 0, 0)).isEqualTo(256);
    assertThat(grid.pair(0, 8, 0, 0)).isEqualTo(8 * 64);
    assertThat(grid.pair(0, 9, 5, 1)).isEqualTo(9 * 64 + 32 + 5);
    assertThat(grid.pair(0, 11, 0, 0)).isEqualTo(11 * 64);
  }

  @Test
  void bits_of_a_sign_word_are_all_used() {
    int found = 0;
    for (int c = 0; c < 4; c++) {
      for (int i = 0; i < 4; i++) {
        found |= 0x10001 << SignTiles.bit(c, i);
      }
    }
    assertThat(found).isEqualTo(-1);
    assertThat(SignTiles.bit(0, 0)).isEqualTo(12);
    assertThat(SignTiles.bit(3, 3)).isEqualTo(3);
  }

  @ParameterizedTest(name = "{0} x {1}")
  @MethodSource("sizes")
  void what_is_packed_is_unpacked(int rows, int columns) {
    LookupPlanes lookup = codes.lookup(rows, columns, 3);
    assertSame(LookupTiles.pack(lookup).unpack(), lookup);
    SparseCodes sparse;
    do {
      sparse = codes.sparse(rows, columns);
    } while (sparse.bits() > SparseTiles.BITS_MAX);
    assertSame(SparseTiles.pack(sparse).unpack(), sparse);
    VectorCodes vector = codes.vector(rows, columns);
    assertSame(VectorTiles.pack(vector).unpack(), vector);
    GroupedCodes grouped = codes.grouped(rows, columns, false);
    assertSame(GroupedTiles.pack(grouped).unpack(), grouped);
    GroupedCodes bilevel = codes.bilevel(rows, columns);
    assertSame(GroupedTiles.pack(bilevel).unpack(), bilevel);
    GroupedCodes ordered = halfOutliers(codes.grouped(rows, columns, true));
    assertSame(GroupedTiles.pack(ordered).unpack(), ordered);
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 1024, 1056, 4096, 11008})
  void look_up_planes_of_layers_as_wide_as_models_have_are_unpacked(int columns) {
    LookupPlanes lookup = codes.lookup(17, columns, 3);
    assertSame(LookupTiles.pack(lookup).unpack(), lookup);
  }

  /** Inputs past the last, up to the end of a chunk, have bits of their own that stay 0. */
  @ParameterizedTest
  @ValueSource(ints = {1, 31, 32, 33, 63, 64, 65, 100, 128, 129, 1056, 11008})
  void signs_are_unpacked_whatever_the_padding(int columns) {
    SignPlanes signs = codes.signs(19, columns, 1, false);
    MemorySegment plane = signs.planes().getFirst().signs();
    TileGrid grid = new TileGrid(19, columns);
    int[] tiles = SignTiles.pack(plane, grid);
    assertThat(SignTiles.unpack(tiles, grid).mismatch(plane)).isEqualTo(-1);
    int plus = 0;
    for (int i = 0; i < 19 * columns; i++) {
      int bit = SignTiles.get(tiles, grid, i / columns, i % columns);
      assertThat(bit == 1).isEqualTo(signs.isPlus(0, i / columns, i % columns));
      plus += bit;
    }
    assertThat(Arrays.stream(tiles).map(Integer::bitCount).sum()).isEqualTo(plus);
  }

  private static GroupedCodes halfOutliers(GroupedCodes from) {
    float[] values = from.outliers().values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
    }
    GroupedCodes.Outliers outliers =
        new GroupedCodes.Outliers(from.outliers().rowOffsets(), from.outliers().columns(), values);
    return new GroupedCodes(
        from.rows(),
        from.columns(),
        from.bits(),
        from.groupColumns(),
        from.codes(),
        from.statistics(),
        from.order(),
        outliers);
  }

  private static void assertSame(MatrixCode found, MatrixCode wanted) {
    assertThat(found.size()).isEqualTo(wanted.size());
    assertThat(Arrays.deepEquals(bytes(found), bytes(wanted))).isTrue();
    float[] foundRow = new float[wanted.columns()];
    float[] wantedRow = new float[wanted.columns()];
    for (int row = 0; row < wanted.rows(); row++) {
      found.readRow(row, foundRow);
      wanted.readRow(row, wantedRow);
      assertThat(foundRow).isEqualTo(wantedRow);
    }
  }

  private static byte[][] bytes(MatrixCode code) {
    return code.codeSegments().map(s -> s.toArray(ValueLayout.JAVA_BYTE)).toArray(byte[][]::new);
  }

  /** Products of 16 x 32 as the sparse instruction does them, from what each lane reads. */
  @ParameterizedTest
  @MethodSource("sizes")
  void sparse_fragments_of_all_lanes_make_the_matrix(int rows, int columns) {
    SparseCodes code;
    do {
      code = codes.sparse(rows, columns);
    } while (code.bits() > SparseTiles.BITS_MAX);
    SparseTiles tiles = SparseTiles.pack(code);
    TileGrid grid = tiles.grid();
    int width = code.bits() <= 2 ? 2 : 4;
    int[][] found = new int[grid.tiles() * 16][grid.chunks() * 128];
    for (int[] row : found) {
      Arrays.fill(row, -1);
    }
    for (int item = 0; item < grid.tiles() * grid.chunks() * 128; item++) {
      int lane = item % 32;
      int product = item / 32 % 4;
      int chunk = item / 128 % grid.chunks();
      int tile = item / 128 / grid.chunks();
      int holder = lane / 4 * 4 + product % 2 * 2;
      for (int register = 0; register < 4; register++) {
        int quadruple = lane % 4 + 4 * (register / 2);
        int from = holder + quadruple / 4;
        int word =
            width == 2
                ? tiles.codes()[grid.quad(tile, chunk, from, 2 + product / 2)]
                : tiles.metadata()[grid.pair(tile, chunk, from, product / 2)];
        int pattern = word >>> (quadruple % 4 * 4 + register % 2 * 16) & 0xF;
        int codeWord =
            tiles.codes()[grid.quad(tile, chunk, lane, width == 2 ? product / 2 : product)];
        int shift = width == 2 ? 8 * (product % 2) + 2 * register : 4 * register;
        int row = tile * 16 + lane / 4 + 8 * (register % 2);
        int first = chunk * 128 + product * 32 + quadruple * 4;
        found[row][first + (pattern & 3)] = codeWord >>> shift & ((1 << width) - 1);
        found[row][first + (pattern >>> 2)] = codeWord >>> (shift + 16) & ((1 << width) - 1);
      }
    }
    for (int row = 0; row < rows; row++) {
      int[] wanted = new int[columns];
      for (int column = 0; column < columns; column++) {
        wanted[column] = code.code(row, column);
      }
      assertThat(Arrays.copyOf(found[row], columns)).isEqualTo(wanted);
    }
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void entries_that_lanes_name_make_the_matrix(int rows, int columns) {
    VectorCodes code = codes.vector(rows, columns);
    VectorTiles tiles = VectorTiles.pack(code);
    TileGrid grid = tiles.grid();
    boolean same = true;
    for (int half = 0; half < 2 * grid.tiles(); half++) {
      float[][] sums = new float[columns][8];
      for (int band = tiles.firstBand(half); band <= tiles.lastBand(half); band++) {
        float[] entries = tiles.shifted(8 * half - band * code.vectorRows());
        for (int column = 0; column < columns; column++) {
          int chunk = (band * grid.chunks() + column / 128) * 128;
          int index = tiles.indices()[chunk + column % 16 * 8 + column % 128 / 16] & 0xFF;
          for (int i = 0; i < 8; i++) {
            sums[column][i] += entries[8 * index + i];
          }
        }
      }
      for (int i = 0; i < 8; i++) {
        int row = 8 * half + i;
        float scale = tiles.scales()[row / 16 * 16 + row % 8 * 2 + row % 16 / 8];
        for (int column = 0; column < columns; column++) {
          same &= scale * sums[column][i] == (row < rows ? code.value(row, column) : 0);
        }
      }
    }
    assertThat(same).isTrue();
  }

  @Test
  void a_three_bit_code_is_a_field_of_two_and_a_plane_of_one() {
    assertThat(CodeTiles.widths(3)).containsExactly(2, 1);
    assertThat(CodeTiles.widths(7)).containsExactly(4, 2, 1);
    assertThat(CodeTiles.widths(8)).containsExactly(4, 4);
    TileGrid grid = new TileGrid(16, 128);
    MemorySegment stream = MemorySegment.ofArray(new byte[16 * 48]);
    BitStream.put(stream, 48L * 9, 32 + 8 + 3, 3, 0b101);
    CodeTiles tiles = CodeTiles.pack(stream, grid, 3);
    int lane = 1 * 4 + 1;
    assertThat(tiles.fields().getFirst()[lane * 4 + 2]).isEqualTo(0b01 << (8 + 2 + 16));
    assertThat(tiles.fields().getLast()[32 + lane]).isEqualTo(1 << (SignTiles.bit(1, 1) + 16));
    assertThat(tiles.code(9, 43)).isEqualTo(0b101);
  }

  @Test
  void four_bits_of_a_lane_are_eight_inputs_a_word() {
    TileGrid grid = new TileGrid(16, 128);
    MemorySegment stream = MemorySegment.ofArray(new byte[16 * 64]);
    BitStream.put(stream, 64L * 9, 64 + 16 + 5, 4, 0xB);
    int[] field = CodeTiles.pack(stream, grid, 4).fields().getFirst();
    assertThat(field[((1 * 32) + 1 * 4 + 2) * 4 + 2]).isEqualTo(0xB << (4 * 2 + 16));
  }

  @Test
  void what_a_kernel_cannot_read_is_refused() {
    SparseCodes wide;
    do {
      wide = codes.sparse(2, 8);
    } while (wide.bits() <= SparseTiles.BITS_MAX);
    SparseCodes refused = wide;
    assertThatThrownBy(() -> SparseTiles.pack(refused)).hasMessageContaining("at most 4");
    GroupStatistics.Bilevel fine =
        new GroupStatistics.Bilevel(
            1,
            1,
            5,
            1,
            MemorySegment.ofArray(new byte[1]),
            MemorySegment.ofArray(new byte[1]),
            new float[2],
            new float[2]);
    assertThatThrownBy(() -> StatisticTiles.pack(fine, 1)).hasMessageContaining("at most 4");
    GroupedCodes tooFine =
        new GroupedCodes(
            1,
            1,
            2,
            1,
            MemorySegment.ofArray(new byte[1]),
            new GroupStatistics.Plain(1, new float[1], new float[1]),
            null,
            new GroupedCodes.Outliers(new int[] {0, 1}, new int[1], new float[] {0.1f}));
    assertThatThrownBy(() -> GroupedTiles.pack(tooFine)).hasMessageContaining("no fp16");
  }
}
