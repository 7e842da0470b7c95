package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.CodeLayout.Matrix;
import tributary.tensor.container.CodeLayout.Sink;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.GroupStatistics;

/** How the statistics of grouped codes are stored; the methods are those of {@link CodeLayout}. */
sealed interface StatisticsLayout {
  static StatisticsLayout of(GroupStatistics statistics) {
    return switch (statistics) {
      case GroupStatistics.Plain _ -> new Plain();
      case GroupStatistics.Bilevel bilevel -> new Bilevel(bilevel.bits(), bilevel.runRows());
    };
  }

  static StatisticsLayout parse(ManifestObject fields) {
    String name = fields.text("statistics");
    return switch (name) {
      case "plain" -> new Plain();
      case "bilevel" ->
          new Bilevel(
              fields.count("statistic_bits", 1, 8), fields.count("run_rows", 1, Integer.MAX_VALUE));
      default -> throw fields.unknown("statistics", name, "plain, bilevel");
    };
  }

  void writeFields(JsonGenerator json) throws IOException;

  List<Part> parts(Matrix matrix, int groups);

  void store(Matrix matrix, int groups, GroupStatistics statistics, Sink sink);

  GroupStatistics read(Matrix matrix, int groups, StoredParts stored);

  /** A scale and a zero each, or one zero for all. */
  record Plain() implements StatisticsLayout {
    @Override
    public void writeFields(JsonGenerator json) throws IOException {
      json.writeStringField("statistics", "plain");
    }

    @Override
    public List<Part> parts(Matrix matrix, int groups) {
      return List.of(scales(matrix, groups), zeros(matrix, groups));
    }

    private static Part scales(Matrix matrix, int groups) {
      return Part.numbers(matrix.part("scales"), Shape.of(matrix.rows(), groups));
    }

    private static Part zeros(Matrix matrix, int groups) {
      return Part.numbers(matrix.part("zeros"), Shape.of(matrix.rows(), groups), Shape.of(1));
    }

    @Override
    public void store(Matrix matrix, int groups, GroupStatistics statistics, Sink sink) {
      var plain = (GroupStatistics.Plain) statistics;
      Part scales = scales(matrix, groups);
      sink.put(scales, Numbers.of(plain.scales(), scales.shapes().getFirst()));
      Part zeros = zeros(matrix, groups);
      Shape shape = plain.zeros().length == 1 ? Shape.of(1) : zeros.shapes().getFirst();
      sink.put(zeros, Numbers.of(plain.zeros(), shape));
    }

    @Override
    public GroupStatistics read(Matrix matrix, int groups, StoredParts stored) {
      return new GroupStatistics.Plain(
          groups, stored.numbers(scales(matrix, groups)), stored.numbers(zeros(matrix, groups)));
    }
  }

  /** Codes, and the grids that decode them. */
  record Bilevel(int bits, int runRows) implements StatisticsLayout {
    @Override
    public void writeFields(JsonGenerator json) throws IOException {
      json.writeStringField("statistics", "bilevel");
      json.writeNumberField("statistic_bits", bits);
      json.writeNumberField("run_rows", runRows);
    }

    @Override
    public List<Part> parts(Matrix matrix, int groups) {
      return List.of(
          codes(matrix, groups, "scale_codes"),
          codes(matrix, groups, "zero_codes"),
          grids(matrix, groups, "scale_grids"),
          grids(matrix, groups, "zero_grids"));
    }

    private Part codes(Matrix matrix, int groups, String name) {
      long bytes = BitStream.bytes(matrix.rows(), bits);
      return Part.bytes(matrix.part(name), Part.STATISTICS, groups, bytes);
    }

    private Part grids(Matrix matrix, int groups, String name) {
      int runs = Math.ceilDiv(matrix.rows(), runRows);
      return Part.numbers(matrix.part(name), Shape.of(groups, runs, 2));
    }

    @Override
    public void store(Matrix matrix, int groups, GroupStatistics statistics, Sink sink) {
      var bilevel = (GroupStatistics.Bilevel) statistics;
      put(codes(matrix, groups, "scale_codes"), bilevel.scaleCodes(), sink);
      put(codes(matrix, groups, "zero_codes"), bilevel.zeroCodes(), sink);
      put(grids(matrix, groups, "scale_grids"), bilevel.scaleGrids(), sink);
      put(grids(matrix, groups, "zero_grids"), bilevel.zeroGrids(), sink);
    }

    private static void put(Part part, MemorySegment codes, Sink sink) {
      sink.put(part, new TensorView(DType.U8, part.shapes().getFirst(), codes));
    }

    private static void put(Part part, float[] grids, Sink sink) {
      sink.put(part, Numbers.of(grids, part.shapes().getFirst()));
    }

    @Override
    public GroupStatistics read(Matrix matrix, int groups, StoredParts stored) {
      return new GroupStatistics.Bilevel(
          matrix.rows(),
          groups,
          bits,
          runRows,
          stored.bytes(codes(matrix, groups, "scale_codes")),
          stored.bytes(codes(matrix, groups, "zero_codes")),
          stored.numbers(grids(matrix, groups, "scale_grids")),
          stored.numbers(grids(matrix, groups, "zero_grids")));
    }
  }
}
