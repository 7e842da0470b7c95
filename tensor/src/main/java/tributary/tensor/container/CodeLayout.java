package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import tributary.tensor.TensorView;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * How one kind of code is stored: its fields in the manifest and its parts in the file. See {@link
 * DeltaFile}.
 */
sealed interface CodeLayout
    permits SignsLayout, SparseLayout, GroupedLayout, LookupLayout, VectorLayout, LowRankLayout {
  /** The coded matrix, and the name of the tensor that it is a difference to. */
  record Matrix(String name, int rows, int columns) {
    String part(String part) {
      return name + "/" + part;
    }
  }

  /** Takes the parts of a code. */
  interface Sink {
    void put(Part part, TensorView values);
  }

  /** The layout of a code that is to be written. */
  static CodeLayout of(MatrixCode code, Codebooks codebooks, Frames frames) {
    return switch (code) {
      case SignPlanes signs -> SignsLayout.of(signs);
      case SparseCodes sparse -> SparseLayout.of(sparse, frames);
      case GroupedCodes grouped -> GroupedLayout.of(grouped);
      case LookupPlanes lookup -> new LookupLayout(lookup.widths());
      case VectorCodes vector -> VectorLayout.of(vector, codebooks);
      case LowRank lowRank -> new LowRankLayout(lowRank.rank());
    };
  }

  /** The layout that a tensor's object in the manifest describes. */
  static CodeLayout parse(String kind, ManifestObject fields) {
    return switch (kind) {
      case SignsLayout.KIND -> SignsLayout.parse(fields);
      case SparseLayout.KIND -> SparseLayout.parse(fields);
      case GroupedLayout.KIND -> GroupedLayout.parse(fields);
      case LookupLayout.KIND -> LookupLayout.parse(fields);
      case VectorLayout.KIND -> VectorLayout.parse(fields);
      case LowRankLayout.KIND -> LowRankLayout.parse(fields);
      default ->
          throw fields.unknown(
              "kind", kind, "signed, sparse, grouped, lookup, vector, low_rank, replaced, exact");
    };
  }

  String kind();

  /** Writes the fields that {@link #parse} reads. */
  void writeFields(JsonGenerator json) throws IOException;

  /** Everything that is stored for the code, but what codes share. */
  List<Part> parts(Matrix matrix);

  /** Gives every part of a code that has this layout. */
  void store(Matrix matrix, MatrixCode code, Sink sink);

  /** The code whose parts are stored. */
  MatrixCode read(Matrix matrix, StoredParts stored);
}
