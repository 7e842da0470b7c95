package tributary.compression;

import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tributary.compression.Codec.Fit;
import tributary.compression.Codec.Refine;
import tributary.compression.Codec.Scales;
import tributary.compression.bands.Codebooks;
import tributary.compression.bands.SignPlanesEncoder;
import tributary.compression.bands.VectorCodesEncoder;
import tributary.compression.bitdelta.BitDeltaEncoder;
import tributary.compression.bitdelta.JointSignEncoder;
import tributary.compression.bitdelta.SignEncoder;
import tributary.compression.deltazip.DeltaZipEncoder;
import tributary.compression.deltazip.Keep;
import tributary.compression.spqr.SpqrEncoder;
import tributary.gpu.Gemm;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.format.DeltaTensor;

/** Which encoder a codec stands for. */
final class LinearEncoders {
  /** Share of the mean sensitivity that every input is given besides its own. */
  private static final double DAMPING = 0.01;

  /** Our own codes search harder, and so fit what few records say too well with less. */
  private static final double SEARCH_DAMPING = 0.1;

  /** SpQR's own recommendation. */
  private static final double SPQR_DAMPING = 1;

  private static final Pattern SOME = Pattern.compile("([0-9]{1,2}):([0-9]{1,2})");

  private LinearEncoders() {}

  /** The encoder of a codec that looks at weights only. */
  static LinearEncoder plain(Codec codec) {
    return switch (codec) {
      case Codec.BitDelta(int planes, Scales scales, Fit fit, Refine refine, _)
          when refine == Refine.NONE ->
          BitDeltaEncoder.of(rule(scales, fit), planes);
      case Codec.BitDelta _,
          Codec.DeltaZip _,
          Codec.Spqr _,
          Codec.AnyPrecision _,
          Codec.SignPlanes _,
          Codec.VectorCodes _,
          Codec.Auto _,
          Codec.Lossless _ ->
          throw new AssertionError(codec.name() + " has no encoder of its own");
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
      case Codec.SignPlanes(int planes, _, _) ->
          new SignPlanesEncoder(planes, SEARCH_DAMPING, gemm);
      case Codec.VectorCodes(int rows, _, _) ->
          new VectorCodesEncoder(
              _ -> rows, new Codebooks(), VectorCodesEncoder.Search.THOROUGH, SEARCH_DAMPING, gemm);
      case Codec.DeltaZip deltaZip -> {
        DeltaZipEncoder encoder = new DeltaZipEncoder(settings(deltaZip));
        yield (problem, arena) -> DeltaTensor.Coded.of(encoder.encode(problem, arena));
      }
      case Codec.Spqr spqr -> {
        SpqrEncoder encoder = new SpqrEncoder(settings(spqr));
        yield (problem, arena) -> DeltaTensor.Coded.of(encoder.encode(problem, arena));
      }
      case Codec.AnyPrecision _, Codec.Auto _, Codec.Lossless _ ->
          (problem, _) -> {
            throw new AssertionError(codec.name() + " does not code layers one by one");
          };
    };
  }

  /** Vector codes of a size for each layer: how many rows share a byte, by the layer's name. */
  static LinearEncoder planned(
      Map<String, Integer> vectorRows,
      Codebooks codebooks,
      VectorCodesEncoder.Search search,
      Gemm gemm) {
    return new VectorCodesEncoder(
        problem -> Objects.requireNonNull(vectorRows.get(problem.name())),
        codebooks,
        search,
        SEARCH_DAMPING,
        gemm);
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

  private static DeltaZipEncoder.Settings settings(Codec.DeltaZip codec) {
    return new DeltaZipEncoder.Settings(
        codec.bits(),
        keep(codec.keep()),
        codec.groupColumns(),
        codec.faithful() ? DeltaZipEncoder.Rule.PUBLISHED : DeltaZipEncoder.Rule.FITTED,
        DAMPING);
  }

  private static Keep keep(String text) {
    Matcher some = SOME.matcher(text);
    try {
      return switch (text) {
        case "all" -> new Keep.All();
        case String _ when some.matches() ->
            new Keep.Some(Integer.parseInt(some.group(1)), Integer.parseInt(some.group(2)));
        case String _ -> new Keep.Share(Double.parseDouble(text));
      };
    } catch (IllegalArgumentException e) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "keep is %s, wanted all, a pattern such as 2:4, or a share between 0 and 1"
              .formatted(Quoted.of(text)),
          e);
    }
  }

  private static SpqrEncoder.Settings settings(Codec.Spqr codec) {
    return new SpqrEncoder.Settings(
        codec.bits(),
        codec.groupColumns(),
        SpqrEncoder.Statistics.USUAL,
        codec.outlierThreshold(),
        codec.actOrder() ? SpqrEncoder.Order.FALLING_CURVATURE : SpqrEncoder.Order.NATURAL,
        SPQR_DAMPING);
  }
}
