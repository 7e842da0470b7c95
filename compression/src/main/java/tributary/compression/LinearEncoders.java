package tributary.compression;

import tributary.compression.Codec.Fit;
import tributary.compression.Codec.Refine;
import tributary.compression.Codec.Scales;
import tributary.compression.bands.SignPlanesEncoder;
import tributary.compression.bands.VectorCodesEncoder;
import tributary.compression.bitdelta.BitDeltaEncoder;
import tributary.compression.bitdelta.JointSignEncoder;
import tributary.compression.bitdelta.SignEncoder;

/** Which encoder a codec stands for. */
final class LinearEncoders {
  /** Share of the mean sensitivity that every input is given besides its own. */
  private static final double DAMPING = 0.01;

  private LinearEncoders() {}

  static LinearEncoder of(Codec codec) {
    return switch (codec) {
      case Codec.BitDelta(int planes, Scales scales, Fit fit, Refine refine, _) -> {
        BitDeltaEncoder.Rule rule = rule(scales, fit);
        yield switch (refine) {
          case NONE, DISTILL -> BitDeltaEncoder.of(rule, planes);
          case CALIBRATE -> BitDeltaEncoder.calibrated(rule, planes, DAMPING);
        };
      }
      case Codec.SignPlanes(int planes, _, _) -> new SignPlanesEncoder(planes, DAMPING);
      case Codec.VectorCodes(int rows, _, _) -> new VectorCodesEncoder(rows, DAMPING);
      case Codec.DeltaZip _, Codec.Spqr _, Codec.AnyPrecision _ -> throw new AssertionError("todo");
    };
  }

  private static BitDeltaEncoder.Rule rule(Scales scales, Fit fit) {
    return switch (fit) {
      case GREEDY ->
          switch (scales) {
            case SCALAR -> SignEncoder::perMatrix;
            case ROW -> SignEncoder::perRow;
          };
      case JOINT ->
          switch (scales) {
            case SCALAR -> JointSignEncoder::perMatrix;
            case ROW -> JointSignEncoder::perRow;
          };
    };
  }
}
