package tributary.cli;

import picocli.CommandLine.Option;
import tributary.model.bench.RandomCode;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** What a benchmark's random deltas are coded in. */
final class RandomCodeOptions {
  @Option(
      names = "--codec",
      defaultValue = "sign-planes",
      paramLabel = "C",
      description =
          "Code of the random deltas: sign-planes, and on a device vector-codes, deltazip, uniform,"
              + " any-precision or lora (default: ${DEFAULT-VALUE}).")
  private String codec = "";

  @Option(
      names = {"--planes", "--bits", "--rank"},
      defaultValue = "1",
      paramLabel = "N",
      description = "Planes, bits of a code, rows of a vector or rank (default: ${DEFAULT-VALUE}).")
  private int size;

  /**
   * @throws TributaryException {@code usage} when there is no such code
   */
  RandomCode code() {
    return new RandomCode(RandomCode.Kind.named(codec), size);
  }

  /**
   * How many sign planes, for what computes without a device.
   *
   * @throws TributaryException {@code usage} when another code is asked for
   */
  int planes() {
    RandomCode code = code();
    if (code.kind() != RandomCode.Kind.SIGN_PLANES) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "codec %s: without a device random deltas are sign-planes"
              .formatted(code.kind().codec()));
    }
    return code.size();
  }
}
