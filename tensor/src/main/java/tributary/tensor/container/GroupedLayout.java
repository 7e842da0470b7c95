package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.MatrixCode;

/**
 * How grouped codes are stored.
 *
 * @param ordered true when columns are stored in an order of their own
 * @param outliers how many there are
 */
record GroupedLayout(
    int bits, int groupColumns, StatisticsLayout statistics, boolean ordered, int outliers)
    implements CodeLayout {
  static final String KIND = "grouped";

  static GroupedLayout of(GroupedCodes code) {
    return new GroupedLayout(
        code.bits(),
        code.groupColumns(),
        StatisticsLayout.of(code.statistics()),
        code.order() != null,
        code.outliers().count());
  }

  static GroupedLayout parse(ManifestObject fields) {
    return new GroupedLayout(
        fields.count("bits", 1, 8),
        fields.count("group_columns", 1, Integer.MAX_VALUE),
        StatisticsLayout.parse(fields),
        fields.flag("ordered"),
        fields.count("outliers", 0, Integer.MAX_VALUE));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void writeFields(JsonGenerator json) throws IOException {
    json.writeNumberField("bits", bits);
    json.writeNumberField("group_columns", groupColumns);
    statistics.writeFields(json);
    if (ordered) {
      json.writeBooleanField("ordered", true);
    }
    json.writeNumberField("outliers", outliers);
  }

  @Override
  public List<Part> parts(Matrix matrix) {
    List<Part> parts = new ArrayList<>(statistics.parts(matrix, groups(matrix)));
    parts.add(codes(matrix));
    if (ordered) {
      parts.add(order(matrix));
    }
    if (outliers > 0) {
      parts.addAll(List.of(offsets(matrix), outlierColumns(matrix), outlierValues(matrix)));
    }
    return parts;
  }

  private int groups(Matrix matrix) {
    return Math.ceilDiv(matrix.columns(), groupColumns);
  }

  private Part codes(Matrix matrix) {
    return Part.bytes(
        matrix.part("codes"), 0, matrix.rows(), BitStream.bytes(matrix.columns(), bits));
  }

  private static Part order(Matrix matrix) {
    return Part.indices(matrix.part("order"), matrix.columns(), Shape.of(matrix.columns()));
  }

  private static Part offsets(Matrix matrix) {
    Shape shape = Shape.of(matrix.rows() + 1L);
    return Part.indices(matrix.part("outlier_offsets"), Integer.MAX_VALUE, shape);
  }

  private Part outlierColumns(Matrix matrix) {
    return Part.indices(matrix.part("outlier_columns"), matrix.columns(), Shape.of(outliers));
  }

  private Part outlierValues(Matrix matrix) {
    return Part.numbers(matrix.part("outlier_values"), Shape.of(outliers));
  }

  @Override
  public void store(Matrix matrix, MatrixCode code, Sink sink) {
    GroupedCodes grouped = (GroupedCodes) code;
    statistics.store(matrix, groups(matrix), grouped.statistics(), sink);
    Part codes = codes(matrix);
    sink.put(codes, new TensorView(DType.U8, codes.shapes().getFirst(), grouped.codes()));
    int[] order = grouped.order();
    if (order != null) {
      sink.put(order(matrix), Numbers.of(order, order(matrix)));
    }
    if (outliers > 0) {
      GroupedCodes.Outliers from = grouped.outliers();
      sink.put(offsets(matrix), Numbers.of(from.rowOffsets(), offsets(matrix)));
      sink.put(outlierColumns(matrix), Numbers.of(from.columns(), outlierColumns(matrix)));
      sink.put(outlierValues(matrix), Numbers.of(from.values()));
    }
  }

  @Override
  public GroupedCodes read(Matrix matrix, StoredParts stored) {
    return new GroupedCodes(
        matrix.rows(),
        matrix.columns(),
        bits,
        groupColumns,
        stored.bytes(codes(matrix)),
        statistics.read(matrix, groups(matrix), stored),
        ordered ? stored.indices(order(matrix)) : null,
        outliers == 0 ? GroupedCodes.Outliers.none(matrix.rows()) : outliers(matrix, stored));
  }

  private GroupedCodes.Outliers outliers(Matrix matrix, StoredParts stored) {
    return new GroupedCodes.Outliers(
        stored.indices(offsets(matrix)),
        stored.indices(outlierColumns(matrix)),
        stored.numbers(outlierValues(matrix)));
  }
}
