package tributary.compression;

import tributary.compression.Codec.Fit;
import tributary.compression.Codec.Refine;
import tributary.compression.Codec.Scales;
import tributary.compression.bands.SignPlanesEncoder;
import tributary.compression.bands.VectorCodesEncoder;
import tributary.compression.bitdelta.BitDeltaEncoder;
import tributary.compression.bitdelta.JointSignEncoder;
import tributary.compression.bitdelta.SignEncoder;
import tributary.gpu.Gemm;

/** Which encoder a codec stands for. */
final class LinearEncoders {
  /** Share of the mean sensitivity that every input is given besides its own. */
  private static final double DAMPING = 0.01;

  private LinearEncoders() {}

  /** The encoder of a codec that looks at weights only. */
  static LinearEncoder plain(Codec codec) {
    return switch (codec) {
      case Codec.BitDelta(int planes, Scales scales, Fit fit, Refine refine, _)
          when refine == Refine.NONE -> BitDeltaEncoder.of(rule(scales, fit), planes);
      case Codec.BitDelta _,
          Codec.DeltaZip _,
          Codec.Spqr _,
          Codec.AnyPrecision _,
          Codec.SignPlanes _,
          Codec.VectorCodes _ -> throw new AssertionError(codec.name() + " is calibrated");
    };
  }

  /** The encoder of a codec that looks at the inputs of layers. */
  static LinearEncoder calibrated(Codec codec, Gemm gemm) {
    return switch (codec) {
      case Codec.BitDelta(int planes, Scales scales, Fit fit, Refine refine, _) ->
          switch (refine) {
            case NONE, DISTILL -> BitDeltaEncoder.of(rule(scales, fit), planes);
            case CALIBRATE -> BitDeltaEncoder.calibrated(rule(scales, fit), planes, DAMPING);
          };
      case Codec.SignPlanes(int planes, _, _) -> new SignPlanesEncoder(planes, DAMPING, gemm);
      case Codec.VectorCodes(int rows, _, _) -> new VectorCodesEncoder(rows, DAMPING, gemm);
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
