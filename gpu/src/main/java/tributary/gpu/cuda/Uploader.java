package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.Driver;
import tributary.gpu.cuda.driver.LaunchShape;
import tributary.gpu.cuda.driver.LaunchShape.Grid;
import tributary.tensor.DType;
import tributary.tensor.TensorView;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;

/**
 * Moves matrices from host memory to the device on streams of its own, laid out as the kernels want
 * them. What a call moves may be used, and its source may go, once {@link #finish} has returned.
 * Calls from several threads take turns.
 */
final class Uploader implements AutoCloseable {
  /** Rows are cut at whole groups of interleaved matrices, bands at whole tiles. */
  private static final int ROW_GROUP = 16;

  /** Of {@code SparseRows} and {@code GroupedRows} of the kernels that pack codes. */
  private static final int CODE_ROWS_BYTES = 40;

  private static final int CODE_THREADS = 128;

  /** Of a block that packs signs. */
  private static final int SIGN_ROWS = 8;

  private static final int RANDOM_BLOCKS = 1024;
  private static final int RANDOM_THREADS = 256;

  private final Driver driver;
  private final Launcher launcher;
  private final StagingRing staging;
  private final ReentrantLock lock = new ReentrantLock();

  Uploader(Driver driver, Kernels kernels, PinnedMemory pinned) {
    this.driver = driver;
    this.launcher = new Launcher(driver, kernels, driver.createStream());
    this.staging = new StagingRing(driver, pinned, launcher.stream());
  }

  /** Zeroes memory that tiles are packed into: what no row covers must be zero. */
  void zero(long address, long bytes) {
    locked(() -> driver.fill(address, (byte) 0, bytes, launcher.stream()));
  }

  /** Packs a stored matrix into weight tiles at {@code tiles}. */
  void weights(long tiles, Placement at, TensorView view) {
    int columns = Math.toIntExact(view.shape().dimension(1));
    int count = Math.toIntExact(view.shape().dimension(0));
    if (view.type() != DType.BF16) {
      weights(
          tiles,
          at,
          count,
          columns,
          (row, out) -> view.readFloats((long) row * columns, out, 0, columns));
      return;
    }
    long rowBytes = (long) columns * Short.BYTES;
    inChunks(
        count,
        rowBytes,
        (buffer, first, rowsHere) -> {
          buffer.bring(0, view.data().asSlice(first * rowBytes, rowsHere * rowBytes));
          packWeights(buffer, tiles, at.from(first), rowsHere, columns);
        });
  }

  /** Packs rows, rounded to bf16, into weight tiles at {@code tiles}. */
  void weights(long tiles, Placement at, int count, int columns, RowReader reader) {
    float[] row = new float[columns];
    short[] halves = new short[columns];
    long rowBytes = (long) columns * Short.BYTES;
    inChunks(
        count,
        rowBytes,
        (buffer, first, rowsHere) -> {
          for (int i = 0; i < rowsHere; i++) {
            reader.read(first + i, row);
            for (int c = 0; c < columns; c++) {
              halves[c] = Bf16.round(row[c]);
            }
            MemorySegment.copy(
                halves, 0, buffer.host(), ValueLayout.JAVA_SHORT, i * rowBytes, columns);
          }
          buffer.bring(rowsHere * rowBytes);
          packWeights(buffer, tiles, at.from(first), rowsHere, columns);
        });
  }

  /** Packs a plane of signs, as files hold it, into sign tiles at {@code tiles}. */
  void signs(long tiles, Placement at, int count, int columns, MemorySegment signs) {
    long rowBytes = (long) SignPlanes.wordsPerRow(columns) * Long.BYTES;
    inChunks(
        count,
        rowBytes,
        (buffer, first, rowsHere) -> {
          buffer.bring(0, signs.asSlice(first * rowBytes, rowsHere * rowBytes));
          buffer.arrive();
          Placement from = at.from(first);
          launcher.waiting(
              "pack_sign_tiles",
              "pack_sign_tiles",
              LaunchShape.of(Math.ceilDiv(rowsHere, SIGN_ROWS), 128),
              new Arguments()
                  .address(tiles)
                  .address(buffer.device())
                  .number(rowsHere)
                  .number(columns)
                  .structure(from.first(), from.interleaved() ? 1 : 0));
          buffer.packed();
        });
  }

  /** Packs indices of vectors, [bands, columns] bytes, into index tiles at {@code tiles}. */
  void indices(long tiles, int bands, int columns, MemorySegment indices) {
    inChunks(
        bands,
        columns,
        (buffer, first, bandsHere) -> {
          buffer.bring(0, indices.asSlice((long) first * columns, (long) bandsHere * columns));
          buffer.arrive();
          launcher.waiting(
              "pack_index_tiles",
              "pack_index_tiles",
              LaunchShape.of(bandsHere, 128),
              new Arguments()
                  .address(tiles + Tiles.indexBytes(first, columns))
                  .address(buffer.device())
                  .number(columns));
          buffer.packed();
        });
  }

  /** Packs 2:4 codes into sparse tiles at {@code tiles}, plane after plane. */
  void sparse(long tiles, SparseCodes code, List<SparsePart.Plane> planes) {
    long patternBytes = SparseCodes.patternBytes(1, code.columns());
    long codeBytes = SparseCodes.codeBytes(1, code.columns(), code.bits());
    inChunks(
        code.rows(),
        patternBytes + codeBytes,
        (buffer, first, rowsHere) -> {
          long patterns = rowsHere * patternBytes;
          long codes = rowsHere * codeBytes;
          buffer.bring(0, code.patterns().asSlice(first * patternBytes, patterns));
          buffer.bring(patterns, code.codes().asSlice(first * codeBytes, codes));
          buffer.arrive();
          for (int plane = 0; plane < planes.size(); plane++) {
            SparsePart.Plane own = planes.get(plane);
            long before = plane * Tiles.sparseBytes(code.rows(), code.columns(), own.bits());
            packSparse(
                tiles + before + Tiles.sparseBytes(first, code.columns(), own.bits()),
                buffer.device(),
                rowsHere,
                code,
                own);
          }
          buffer.packed();
        });
  }

  /** Packs a plane of codes, as files hold it, into look-up tiles at {@code tiles}. */
  void lookup(long tiles, int count, int columns, MemorySegment plane) {
    long rowBytes = (long) SignPlanes.wordsPerRow(columns) * Long.BYTES;
    inChunks(
        count,
        rowBytes,
        (buffer, first, rowsHere) -> {
          buffer.bring(0, plane.asSlice(first * rowBytes, rowsHere * rowBytes));
          buffer.arrive();
          launcher.waiting(
              "pack_lookup_tiles",
              "pack_lookup_tiles",
              new LaunchShape(
                  new Grid(Tiles.count(rowsHere), Tiles.signBlocks(columns), 1),
                  CODE_THREADS,
                  0,
                  1,
                  false),
              new Arguments()
                  .address(tiles + Tiles.signBytes(first, columns))
                  .address(buffer.device())
                  .number(rowsHere)
                  .number(columns));
          buffer.packed();
        });
  }

  /** Packs grouped codes into grouped tiles at {@code tiles}, plane after plane. */
  void grouped(long tiles, GroupedCodes code, List<GroupedPart.Plane> planes) {
    long codeBytes = GroupedCodes.codeBytes(1, code.columns(), code.bits());
    long groups = Math.ceilDiv(code.columns(), code.groupColumns());
    long statisticBytes = groups * Integer.BYTES;
    inChunks(
        code.rows(),
        codeBytes + planes.size() * statisticBytes,
        (buffer, first, rowsHere) -> {
          long statistics = rowsHere * statisticBytes;
          for (int plane = 0; plane < planes.size(); plane++) {
            buffer.bring(
                plane * statistics,
                MemorySegment.ofArray(planes.get(plane).statistics())
                    .asSlice(first * statisticBytes, statistics));
          }
          long before = planes.size() * statistics;
          long codes = rowsHere * codeBytes;
          buffer.bring(before, code.codes().asSlice(first * codeBytes, codes));
          buffer.arrive();
          for (int plane = 0; plane < planes.size(); plane++) {
            GroupedPart.Plane own = planes.get(plane);
            byte[] operands =
                ByteBuffer.allocate(CODE_ROWS_BYTES)
                    .order(ByteOrder.nativeOrder())
                    .putLong(buffer.device() + before)
                    .putLong(buffer.device() + plane * statistics)
                    .putInt(rowsHere)
                    .putInt(code.columns())
                    .putInt(code.bits())
                    .putInt(own.shift())
                    .putInt(own.bits())
                    .putInt(code.groupColumns())
                    .array();
            long at =
                plane * Tiles.groupedBytes(code.rows(), code.columns(), own.bits())
                    + Tiles.groupedBytes(first, code.columns(), own.bits());
            packCodes(
                "pack_grouped_tiles",
                new Grid(Tiles.count(rowsHere), Tiles.groupedBlocks(code.columns()), 1),
                tiles + at,
                operands);
          }
          buffer.packed();
        });
  }

  private void packCodes(String kernel, Grid grid, long tiles, byte[] rowsOfCodes) {
    launcher.waiting(
        kernel,
        kernel,
        new LaunchShape(grid, CODE_THREADS, 0, 1, false),
        new Arguments().address(tiles).structure(rowsOfCodes));
  }

  /** Packs one plane of rows whose patterns, then codes, lie at {@code from}. */
  private void packSparse(
      long tiles, long from, int count, SparseCodes code, SparsePart.Plane plane) {
    byte[] operands =
        ByteBuffer.allocate(CODE_ROWS_BYTES)
            .order(ByteOrder.nativeOrder())
            .putLong(from)
            .putLong(from + SparseCodes.patternBytes(count, code.columns()))
            .putInt(count)
            .putInt(code.columns())
            .putInt(code.bits())
            .putInt(plane.shift())
            .putInt(plane.bits())
            .array();
    packCodes(
        "pack_sparse_tiles",
        new Grid(Tiles.count(count), Tiles.signBlocks(code.columns()), 1),
        tiles,
        operands);
  }

  /** Copies any number of bytes as they are. */
  void bytes(long to, MemorySegment from) {
    locked(() -> staging.copy(to, from));
  }

  /** Fills memory with random words: bits of {@code mask} are drawn, those of {@code base} set. */
  void random(long to, long bytes, long seed, int mask, int base) {
    locked(() ->
        launcher.waiting(
            "fill_random",
            "fill_random",
            LaunchShape.of(RANDOM_BLOCKS, RANDOM_THREADS),
            new Arguments()
                .address(to)
                .address(bytes / Integer.BYTES)
                .number((int) seed)
                .number(mask)
                .number(base)));
  }

  /** Waits until everything has arrived. */
  void finish() {
    staging.finish();
    driver.synchronize(launcher.stream());
  }

  private interface Chunk {
    void load(StagingRing.Buffer buffer, int firstRow, int rows);
  }

  private void inChunks(int count, long rowBytes, Chunk chunk) {
    int most = (int) (StagingRing.BYTES / rowBytes) / ROW_GROUP * ROW_GROUP;
    if (most == 0) {
      throw new IllegalArgumentException(
          "rows of %d bytes; %d of them must fit into %d"
              .formatted(rowBytes, ROW_GROUP, StagingRing.BYTES));
    }
    locked(() -> {
      for (int first = 0; first < count; first += most) {
        int rowsHere = Math.min(most, count - first);
        chunk.load(staging.take(), first, rowsHere);
      }
    });
  }

  private void packWeights(
      StagingRing.Buffer buffer, long tiles, Placement at, int rows, int columns) {
    buffer.arrive();
    launcher.waiting(
        "pack_weight_tiles",
        "pack_weight_tiles",
        LaunchShape.of(rows, 256),
        new Arguments()
            .address(tiles)
            .address(buffer.device())
            .number(columns)
            .structure(at.first(), at.interleaved() ? 1 : 0));
    buffer.packed();
  }

  private void locked(Runnable work) {
    lock.lock();
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    staging.close();
    driver.destroyStream(launcher.stream());
  }
}
