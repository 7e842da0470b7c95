package tributary.compression.oracles;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import tributary.tensor.format.GroupStatistics.Plain;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/** Parts of DeltaZip's codes, and wholes of parts, put together from their bytes as they are. */
final class Shards {
  /**
   * A part of a matrix. Columns begin and end where groups do, and at multiples of sixteen, where
   * codes of any width begin at a byte.
   */
  record Part(int firstRow, int endRow, int first, int end) {
    int rows() {
      return endRow - firstRow;
    }

    int columns() {
      return end - first;
    }

    private MemorySegment of(MemorySegment memory, MatrixCode whole) {
      long rowBytes = memory.byteSize() / whole.rows();
      long from = rowBytes * first / whole.columns();
      long bytes = rowBytes * end / whole.columns() - from;
      MemorySegment part = MemorySegment.ofArray(new byte[(int) (rows() * bytes)]);
      for (int row = firstRow; row < endRow; row++) {
        long to = (row - firstRow) * bytes;
        MemorySegment.copy(memory, row * rowBytes + from, part, to, bytes);
      }
      return part;
    }

    /** A scale for all columns is that of a part as well. */
    private float[] of(float[] scales, MatrixCode whole) {
      int groups = scales.length / whole.rows();
      int from = groups * first / whole.columns();
      int count = Math.ceilDiv(groups * end, whole.columns()) - from;
      float[] part = new float[rows() * count];
      for (int row = firstRow; row < endRow; row++) {
        System.arraycopy(scales, row * groups + from, part, (row - firstRow) * count, count);
      }
      return part;
    }
  }

  private Shards() {}

  /** A part of 2:4 or dense codes. */
  static MatrixCode of(MatrixCode code, Part part) {
    return switch (code) {
      case SparseCodes sparse ->
          sparse(
              sparse,
              part,
              part.of(sparse.patterns(), code),
              part.of(sparse.codes(), code),
              part.of(sparse.scales(), code));
      case GroupedCodes grouped ->
          grouped(
              grouped,
              part,
              part.of(grouped.codes(), code),
              part.of(statistics(grouped).scales(), code));
      case SignPlanes _, LookupPlanes _, VectorCodes _, LowRank _ ->
          throw new AssertionError(code.getClass());
    };
  }

  /** Codes of one form as one, the rows of the first on top. */
  static MatrixCode stacked(List<MatrixCode> codes) {
    MatrixCode first = codes.getFirst();
    int rows = codes.stream().mapToInt(MatrixCode::rows).sum();
    Part all = new Part(0, rows, 0, first.columns());
    return switch (first) {
      case SparseCodes sparse ->
          sparse(
              sparse,
              all,
              joined(codes, code -> ((SparseCodes) code).patterns()),
              joined(codes, code -> ((SparseCodes) code).codes()),
              joinedScales(codes, code -> ((SparseCodes) code).scales()));
      case GroupedCodes grouped ->
          grouped(
              grouped,
              all,
              joined(codes, code -> ((GroupedCodes) code).codes()),
              joinedScales(codes, code -> statistics((GroupedCodes) code).scales()));
      case SignPlanes _, LookupPlanes _, VectorCodes _, LowRank _ ->
          throw new AssertionError(first.getClass());
    };
  }

  private static SparseCodes sparse(
      SparseCodes like, Part part, MemorySegment patterns, MemorySegment codes, float[] scales) {
    int group = Math.min(like.groupColumns(), part.columns());
    return new SparseCodes(
        part.rows(), part.columns(), like.bits(), like.zero(), group, patterns, codes, scales);
  }

  private static GroupedCodes grouped(
      GroupedCodes like, Part part, MemorySegment codes, float[] scales) {
    int group = Math.min(like.groupColumns(), part.columns());
    Plain statistics = new Plain(scales.length / part.rows(), scales, statistics(like).zeros());
    return new GroupedCodes(part.rows(), part.columns(), like.bits(), group, codes, statistics);
  }

  private static Plain statistics(GroupedCodes code) {
    return (Plain) code.statistics();
  }

  private static MemorySegment joined(
      List<MatrixCode> codes, Function<MatrixCode, MemorySegment> of) {
    long bytes = codes.stream().mapToLong(code -> of.apply(code).byteSize()).sum();
    MemorySegment all = MemorySegment.ofArray(new byte[(int) bytes]);
    long at = 0;
    for (MatrixCode code : codes) {
      MemorySegment own = of.apply(code);
      MemorySegment.copy(own, 0, all, at, own.byteSize());
      at += own.byteSize();
    }
    return all;
  }

  private static float[] joinedScales(List<MatrixCode> codes, Function<MatrixCode, float[]> of) {
    float[] all = new float[0];
    for (MatrixCode code : codes) {
      float[] own = of.apply(code);
      int before = all.length;
      all = Arrays.copyOf(all, before + own.length);
      System.arraycopy(own, 0, all, before, own.length);
    }
    return all;
  }
}
