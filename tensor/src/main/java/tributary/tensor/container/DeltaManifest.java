package tributary.tensor.container;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import tributary.tensor.TensorView;

/**
 * What a delta file says of itself, beside the tensors.
 *
 * @param codec name of the codec that chose the codes, for people; decoding never needs it
 * @param codecSettings the codec's settings, for people
 * @param baseFingerprint see {@link Fingerprint}: the only base this delta fits
 * @param model name of the fine-tune the delta was taken of
 * @param originalBytes size of the fine-tune's tensors before compression
 * @param originalElements number of weights of the fine-tune
 */
public record DeltaManifest(
    String codec,
    SortedMap<String, String> codecSettings,
    String baseFingerprint,
    String model,
    long originalBytes,
    long originalElements) {
  public DeltaManifest {
    codecSettings = Collections.unmodifiableSortedMap(new TreeMap<>(codecSettings));
    if (originalBytes < 0 || originalElements < 0) {
      throw new IllegalArgumentException(
          "negative size: originalBytes=%d originalElements=%d"
              .formatted(originalBytes, originalElements));
    }
  }

  /** The manifest of a fine-tune that is as large as its base. */
  public static DeltaManifest sizedAs(
      TensorSource base, String codec, SortedMap<String, String> codecSettings, String model) {
    long bytes = 0;
    long elements = 0;
    for (String name : base.names()) {
      TensorView tensor = base.tensor(name);
      bytes += tensor.data().byteSize();
      elements += tensor.shape().elements();
    }
    return new DeltaManifest(codec, codecSettings, Fingerprint.of(base), model, bytes, elements);
  }
}
