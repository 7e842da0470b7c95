package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.LongStream;
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
 * Moves matrices from host memory to the device on a stream of its own, laid out as the kernels
 * want them. Rows go through pinned buffers in turn: while one is copied and packed, the next is
 * filled. A call returns when its source is read; what it moves may be used once {@link #finish}
 * has returned. Calls from several threads take turns.
 */
final class Uploader implements AutoCloseable {
  private static final int BUFFER_BYTES = 16 << 20;
  private static final int BUFFERS = 4;

  /** Several threads fill a buffer, each so many bytes of it: one alone is slower than the bus. */
  private static final long STRETCH_BYTES = 256 << 10;

  /** Rows are cut at whole groups of interleaved matrices, bands at whole tiles. */
  private static final int ROW_GROUP = 16;

  /** Of {@code SparseRows} and {@code GroupedRows} of the kernels that pack codes. */
  private static final int CODE_ROWS_BYTES = 40;

  private static final int CODE_THREADS = 128;

  private static final int RANDOM_BLOCKS = 1024;
  private static final int RANDOM_THREADS = 256;

  private final Driver driver;
  private final Launcher launcher;
  private final DeviceArena arena;
  private final MemorySegment[] pinned = new MemorySegment[BUFFERS];
  private final long[] rows = new long[BUFFERS];
  private final long[] free = new long[BUFFERS];
  private final ReentrantLock lock = new ReentrantLock();
  private int next;

  Uploader(Driver driver, Kernels kernels) {
    this.driver = driver;
    this.launcher = new Launcher(driver, kernels, driver.createStream());
    this.arena = new DeviceArena(driver, "staging");
    for (int i = 0; i < BUFFERS; i++) {
      pinned[i] = driver.allocatePinned(BUFFER_BYTES);
      rows[i] = arena.allocate(BUFFER_BYTES);
      free[i] = driver.createEvent();
      driver.recordEvent(free[i], launcher.stream());
    }
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
          fill(pinned[buffer], view.data(), first * rowBytes, rowsHere * rowBytes);
          pack(
              "pack_weight_tiles",
              256,
              buffer,
              new Packing(tiles, at.from(first), rowsHere, columns));
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
                halves, 0, pinned[buffer], ValueLayout.JAVA_SHORT, i * rowBytes, columns);
          }
          pack(
              "pack_weight_tiles",
              256,
              buffer,
              new Packing(tiles, at.from(first), rowsHere, columns));
        });
  }

  /** Packs a plane of signs, as files hold it, into sign tiles at {@code tiles}. */
  void signs(long tiles, Placement at, int count, int columns, MemorySegment signs) {
    long rowBytes = (long) SignPlanes.wordsPerRow(columns) * Long.BYTES;
    inChunks(
        count,
        rowBytes,
        (buffer, first, rowsHere) -> {
          fill(pinned[buffer], signs, first * rowBytes, rowsHere * rowBytes);
          pack(
              "pack_sign_tiles",
              128,
              buffer,
              new Packing(tiles, at.from(first), rowsHere, columns));
        });
  }

  /** Packs indices of vectors, [bands, columns] bytes, into index tiles at {@code tiles}. */
  void indices(long tiles, int bands, int columns, MemorySegment indices) {
    inChunks(
        bands,
        columns,
        (buffer, first, bandsHere) -> {
          long bytes = (long) bandsHere * columns;
          fill(pinned[buffer], indices, (long) first * columns, bytes);
          driver.copyToDevice(rows[buffer], pinned[buffer].asSlice(0, bytes), launcher.stream());
          launcher.waiting(
              "pack_index_tiles",
              "pack_index_tiles",
              LaunchShape.of(bandsHere, 128),
              new Arguments()
                  .address(tiles + Tiles.indexBytes(first, columns))
                  .address(rows[buffer])
                  .number(columns));
          driver.recordEvent(free[buffer], launcher.stream());
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
          fill(pinned[buffer], code.patterns(), first * patternBytes, patterns);
          fill(pinned[buffer].asSlice(patterns), code.codes(), first * codeBytes, codes);
          driver.copyToDevice(
              rows[buffer], pinned[buffer].asSlice(0, patterns + codes), launcher.stream());
          for (int plane = 0; plane < planes.size(); plane++) {
            SparsePart.Plane own = planes.get(plane);
            long before = plane * Tiles.sparseBytes(code.rows(), code.columns(), own.bits());
            packSparse(
                tiles + before + Tiles.sparseBytes(first, code.columns(), own.bits()),
                rows[buffer],
                rowsHere,
                code,
                own);
          }
          driver.recordEvent(free[buffer], launcher.stream());
        });
  }

  /** Packs a plane of codes, as files hold it, into look-up tiles at {@code tiles}. */
  void lookup(long tiles, int count, int columns, MemorySegment plane) {
    long rowBytes = (long) SignPlanes.wordsPerRow(columns) * Long.BYTES;
    inChunks(
        count,
        rowBytes,
        (buffer, first, rowsHere) -> {
          long bytes = rowsHere * rowBytes;
          fill(pinned[buffer], plane, first * rowBytes, bytes);
          driver.copyToDevice(rows[buffer], pinned[buffer].asSlice(0, bytes), launcher.stream());
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
                  .address(rows[buffer])
                  .number(rowsHere)
                  .number(columns));
          driver.recordEvent(free[buffer], launcher.stream());
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
            fill(
                pinned[buffer].asSlice(plane * statistics),
                MemorySegment.ofArray(planes.get(plane).statistics()),
                first * statisticBytes,
                statistics);
          }
          long before = planes.size() * statistics;
          long codes = rowsHere * codeBytes;
          fill(pinned[buffer].asSlice(before), code.codes(), first * codeBytes, codes);
          driver.copyToDevice(
              rows[buffer], pinned[buffer].asSlice(0, before + codes), launcher.stream());
          for (int plane = 0; plane < planes.size(); plane++) {
            GroupedPart.Plane own = planes.get(plane);
            byte[] operands =
                ByteBuffer.allocate(CODE_ROWS_BYTES)
                    .order(ByteOrder.nativeOrder())
                    .putLong(rows[buffer] + before)
                    .putLong(rows[buffer] + plane * statistics)
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
          driver.recordEvent(free[buffer], launcher.stream());
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
    locked(() -> {
      for (long at = 0; at < from.byteSize(); at += BUFFER_BYTES) {
        long count = Math.min(BUFFER_BYTES, from.byteSize() - at);
        int buffer = take();
        fill(pinned[buffer], from, at, count);
        driver.copyToDevice(to + at, pinned[buffer].asSlice(0, count), launcher.stream());
        driver.recordEvent(free[buffer], launcher.stream());
      }
    });
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
    driver.synchronize(launcher.stream());
  }

  private static void fill(MemorySegment to, MemorySegment from, long at, long bytes) {
    if (bytes <= STRETCH_BYTES) {
      MemorySegment.copy(from, at, to, 0, bytes);
      return;
    }
    LongStream.range(0, Math.ceilDiv(bytes, STRETCH_BYTES))
        .map(stretch -> stretch * STRETCH_BYTES)
        .parallel()
        .forEach(begin ->
            MemorySegment.copy(
                from, at + begin, to, begin, Math.min(STRETCH_BYTES, bytes - begin)));
  }

  private record Packing(long tiles, Placement at, int rows, int columns) {}

  private interface Chunk {
    void load(int buffer, int firstRow, int rows);
  }

  private void inChunks(int count, long rowBytes, Chunk chunk) {
    int most = (int) (BUFFER_BYTES / rowBytes) / ROW_GROUP * ROW_GROUP;
    if (most == 0) {
      throw new IllegalArgumentException(
          "rows of %d bytes; %d of them must fit into %d"
              .formatted(rowBytes, ROW_GROUP, BUFFER_BYTES));
    }
    locked(() -> {
      for (int first = 0; first < count; first += most) {
        int rowsHere = Math.min(most, count - first);
        int buffer = take();
        chunk.load(buffer, first, rowsHere);
      }
    });
  }

  private void pack(String kernel, int threads, int buffer, Packing packing) {
    long bytes =
        kernel.equals("pack_sign_tiles")
            ? (long) packing.rows * SignPlanes.wordsPerRow(packing.columns) * Long.BYTES
            : (long) packing.rows * packing.columns * Short.BYTES;
    driver.copyToDevice(rows[buffer], pinned[buffer].asSlice(0, bytes), launcher.stream());
    launcher.waiting(
        kernel,
        kernel,
        LaunchShape.of(packing.rows, threads),
        new Arguments()
            .address(packing.tiles)
            .address(rows[buffer])
            .number(packing.columns)
            .structure(packing.at.first(), packing.at.interleaved() ? 1 : 0));
    driver.recordEvent(free[buffer], launcher.stream());
  }

  /** The next buffer, once what was in it has been used. */
  private int take() {
    int buffer = next;
    next = (next + 1) % BUFFERS;
    driver.awaitEvent(free[buffer]);
    return buffer;
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
    for (int i = 0; i < BUFFERS; i++) {
      driver.freePinned(pinned[i]);
      driver.destroyEvent(free[i]);
    }
    arena.close();
    driver.destroyStream(launcher.stream());
  }
}
