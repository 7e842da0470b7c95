package tributary.simulation.cost;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import tributary.protocol.Bytes;

/**
 * How a tenant's difference to the base is held, and what the kernels over it reach on an H100.
 *
 * @param linearBits bits for each weight of the layers' matrices
 * @param embeddingBits bits for each weight of the embedding table and the head
 * @param fixedBytes whatever the base's size
 * @param delta seconds a distinct delta
 * @param gigabytes seconds by 1e9 distinct bytes
 * @param source of the two
 */
public record CodecSpec(
    String name,
    double linearBits,
    double embeddingBits,
    double fixedBytes,
    double delta,
    Curve gigabytes,
    String source) {
  /**
   * Whole decode steps of 1, 8, 16 and 32 one-plane tenants, less the base's and less the
   * arithmetic of a row a tenant, which the presets add.
   */
  private static final Curve SIGN_PLANES =
      new Curve(
          List.of(0.0, 0.842, 6.738, 13.475), List.of(0.512e-3, 0.648e-3, 0.746e-3, 0.994e-3));

  private static final String OWN_KERNELS = "own kernels, whole decode steps measured on an H100";

  private static final List<CodecSpec> KNOWN =
      List.of(
          new CodecSpec("bitdelta", 1, 1, 0, 0, SIGN_PLANES, OWN_KERNELS),
          new CodecSpec(
              "bitdelta-2",
              2,
              2,
              0,
              0,
              new Curve(List.of(0.0), List.of(0.641e-3)),
              OWN_KERNELS + " (8 two-plane tenants)"),
          new CodecSpec(
              "deltazip-4bit",
              3,
              16,
              0,
              3.39e-3,
              Curve.FREE,
              "DeltaZip's batched kernel (SBMM) measured on an H100: 5.9 to 108.5 ms for 1 to 32"
                  + " tenants of a 7B base"),
          new CodecSpec(
              "deltazip-2bit",
              2,
              16,
              0,
              3.39e-3 * 2 / 3,
              Curve.FREE,
              "the 4-bit kernel's time by bytes; not measured"),
          new CodecSpec(
              "lora-16",
              0,
              0,
              80e6,
              0,
              new Curve(List.of(0.0, 0.08), List.of(16.6e-3, 0.621e-3)),
              "Punica BGMV rank 16 measured on an H100: 1.33 to 2.87 ms for 1 to 32 adapters"),
          new CodecSpec("whole", 16, 16, 0, 0, Curve.FREE, "a 16-bit copy of the whole model"));

  public static Optional<CodecSpec> named(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    return KNOWN.stream().filter(known -> known.name.equals(wanted)).findFirst();
  }

  public static String names() {
    return KNOWN.stream().map(CodecSpec::name).collect(Collectors.joining(", "));
  }

  /** What one tenant takes in memory and on disk. */
  public Bytes size(ModelSpec model) {
    double bits = linearBits * model.linearWeights() + embeddingBits * model.embeddingWeights();
    double scale = fixedBytes == 0 ? 0 : model.linearWeights() / SEVEN_BILLION;
    return new Bytes(Math.round(bits / Byte.SIZE + fixedBytes * scale));
  }

  /** The linear weights that {@code fixedBytes} and the kernels' times are given for. */
  static final double SEVEN_BILLION = 6.476e9;
}
