package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import tributary.tensor.DType;
import tributary.tensor.Shape;

/** How one difference is stored in a delta file, and under which names. See {@link DeltaFile}. */
sealed interface DeltaLayout {
  String REPLACED = "replaced";
  String EXACT = "exact";

  /** Streams of one archived tensor. */
  int STREAMS_MAX = 64;

  /** Names of all stored tensors that belong to this difference alone. */
  List<String> storedNames();

  /** Writes the fields that {@link #parse} reads. */
  void writeFields(JsonGenerator json) throws IOException;

  /** The layout that a tensor's object in the manifest describes. */
  static DeltaLayout parse(String tensor, ManifestObject fields) {
    String kind = fields.text("kind");
    return switch (kind) {
      case REPLACED -> new Replaced(tensor);
      case EXACT ->
          new Archived(
              tensor,
              fields.type("dtype"),
              fields.shape("shape"),
              fields.texts("parameters"),
              fields.wholes("streams", STREAMS_MAX, 0, Long.MAX_VALUE));
      default -> {
        CodeLayout code = CodeLayout.parse(kind, fields);
        int rows = fields.count("rows", 1, Integer.MAX_VALUE - 1);
        int columns = fields.count("columns", 1, Integer.MAX_VALUE - 1);
        yield new Coded(
            new CodeLayout.Matrix(tensor, rows, columns),
            code,
            fields.flag("base_factors"),
            fields.whole("added_rows", 0, Integer.MAX_VALUE));
      }
    };
  }

  /** The fine-tune's tensor itself. */
  record Replaced(String name) implements DeltaLayout {
    @Override
    public List<String> storedNames() {
      return List.of(name);
    }

    @Override
    public void writeFields(JsonGenerator json) throws IOException {
      json.writeStringField("kind", REPLACED);
    }
  }

  /**
   * Base rows, perhaps multiplied, a code, and rows of its own when {@code addedRows} is above 0.
   */
  record Coded(CodeLayout.Matrix matrix, CodeLayout code, boolean baseFactors, long addedRows)
      implements DeltaLayout {
    @Override
    public List<String> storedNames() {
      List<String> names = new ArrayList<>();
      code.parts(matrix).forEach(part -> names.add(part.name()));
      if (baseFactors) {
        names.add(factors().name());
      }
      if (addedRows > 0) {
        names.add(added().name());
      }
      return names;
    }

    Part factors() {
      return Part.numbers(matrix.part("base_factors"), Shape.of(matrix.rows()));
    }

    Part added() {
      return new Part(
          matrix.part("added"),
          Part.STATISTICS,
          List.of(DType.F32, DType.F16, DType.BF16),
          List.of(Shape.of(addedRows, matrix.columns())));
    }

    @Override
    public void writeFields(JsonGenerator json) throws IOException {
      json.writeStringField("kind", code.kind());
      json.writeNumberField("rows", matrix.rows());
      json.writeNumberField("columns", matrix.columns());
      code.writeFields(json);
      if (baseFactors) {
        json.writeBooleanField("base_factors", true);
      }
      json.writeNumberField("added_rows", addedRows);
    }
  }

  /**
   * Streams that only their codec unpacks.
   *
   * @param streams bytes of each
   */
  record Archived(
      String name,
      DType type,
      Shape shape,
      SortedMap<String, String> parameters,
      List<Long> streams)
      implements DeltaLayout {
    public Archived {
      parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
      streams = List.copyOf(streams);
      if (streams.size() > STREAMS_MAX) {
        throw new IllegalArgumentException(
            "%s: %d streams, at most %d can be stored"
                .formatted(name, streams.size(), STREAMS_MAX));
      }
    }

    List<Part> parts() {
      List<Part> parts = new ArrayList<>();
      for (int i = 0; i < streams.size(); i++) {
        parts.add(Part.bytes("%s/stream.%d".formatted(name, i), Part.ARCHIVE, streams.get(i)));
      }
      return parts;
    }

    @Override
    public List<String> storedNames() {
      return parts().stream().map(Part::name).toList();
    }

    @Override
    public void writeFields(JsonGenerator json) throws IOException {
      json.writeStringField("kind", EXACT);
      json.writeStringField("dtype", type.name());
      ManifestJson.writeWholes(json, "shape", shape.dimensions());
      ManifestJson.writeTexts(json, "parameters", parameters);
      ManifestJson.writeWholes(json, "streams", streams);
    }
  }
}
