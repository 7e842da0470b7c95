package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.format.VectorCodes;

/**
 * The manifest of a delta file as it is stored: JSON in the metadata entry {@link #KEY}.
 *
 * @param format of the file
 * @param layouts of the differences, in file order
 * @param codebooks rows that share an index, for each codebook
 * @param frames of those stored tensors that are frames
 * @param checksums lower-case hexadecimal SHA-256 of each stored tensor
 */
record DeltaHeader(
    int format,
    DeltaManifest manifest,
    SequencedMap<String, DeltaLayout> layouts,
    List<Integer> codebooks,
    SortedMap<String, ZstdFrame> frames,
    SortedMap<String, String> checksums) {
  static final String KEY = "tributary.delta";

  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  List<String> codebookNames() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < codebooks.size(); i++) {
      names.add(Codebooks.part(i, codebooks.get(i)).name());
    }
    return names;
  }

  String toJson() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = StrictJson.FACTORY.createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("format", format);
      json.writeStringField("codec", manifest.codec());
      ManifestJson.writeTexts(json, "settings", manifest.codecSettings());
      json.writeStringField("base", manifest.baseFingerprint());
      json.writeStringField("model", manifest.model());
      json.writeNumberField("original_bytes", manifest.originalBytes());
      json.writeNumberField("original_elements", manifest.originalElements());
      json.writeObjectFieldStart("tensors");
      for (var entry : layouts.entrySet()) {
        json.writeObjectFieldStart(entry.getKey());
        entry.getValue().writeFields(json);
        json.writeEndObject();
      }
      json.writeEndObject();
      if (!codebooks.isEmpty()) {
        ManifestJson.writeWholes(json, "codebooks", codebooks);
      }
      if (!frames.isEmpty()) {
        writeFrames(json);
      }
      ManifestJson.writeTexts(json, "sha256", checksums);
      json.writeEndObject();
    } catch (IOException e) {
      throw new AssertionError("memory does not fail to be written", e);
    }
    return text.toString();
  }

  private void writeFrames(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("frames");
    for (var entry : frames.entrySet()) {
      json.writeObjectFieldStart(entry.getKey());
      json.writeStringField("dtype", entry.getValue().type().name());
      ManifestJson.writeWholes(json, "shape", entry.getValue().shape().dimensions());
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  static DeltaHeader parse(Path file, String json) {
    try {
      return read(new ManifestObject(file, "", StrictJson.MAPPER.readTree(json)));
    } catch (JsonProcessingException e) {
      throw new TributaryException(
          ErrorCode.DELTA_FORMAT, "%s: manifest: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** Checks every field before it is believed; unknown fields are left alone. */
  private static DeltaHeader read(ManifestObject root) {
    int format = format(root);
    DeltaManifest manifest =
        new DeltaManifest(
            root.text("codec"),
            root.texts("settings"),
            digest(root, "base", root.text("base")),
            root.text("model"),
            root.whole("original_bytes", 0, Long.MAX_VALUE),
            root.whole("original_elements", 0, Long.MAX_VALUE));
    SequencedMap<String, DeltaLayout> layouts = new LinkedHashMap<>();
    ManifestObject tensors = root.object("tensors");
    for (String name : tensors.fields()) {
      layouts.put(name, DeltaLayout.parse(name, tensors.object(name)));
    }
    SortedMap<String, String> checksums = root.texts("sha256");
    checksums.forEach((name, digest) -> digest(root, name, digest));
    return new DeltaHeader(format, manifest, layouts, codebooks(root), frames(root), checksums);
  }

  private static int format(ManifestObject root) {
    int format = root.count("format", Integer.MIN_VALUE, Integer.MAX_VALUE);
    if (format > DeltaFile.FORMAT) {
      throw new TributaryException(
          ErrorCode.DELTA_TOO_NEW,
          "%s: delta format %d, this build reads 1 to %d; upgrade it or compress again"
              .formatted(root.file(), format, DeltaFile.FORMAT));
    }
    if (format < 1) {
      throw root.fault("'format' is %d, wanted 1 to %d".formatted(format, DeltaFile.FORMAT));
    }
    return format;
  }

  private static List<Integer> codebooks(ManifestObject root) {
    return !root.has("codebooks")
        ? List.of()
        : root.wholes("codebooks", Codebooks.COUNT_MAX, 1, VectorCodes.ROWS_MAX).stream()
            .map(Math::toIntExact)
            .toList();
  }

  private static SortedMap<String, ZstdFrame> frames(ManifestObject root) {
    SortedMap<String, ZstdFrame> frames = new TreeMap<>();
    if (root.has("frames")) {
      ManifestObject all = root.object("frames");
      for (String name : all.fields()) {
        ManifestObject frame = all.object(name);
        frames.put(name, new ZstdFrame(frame.type("dtype"), frame.shape("shape")));
      }
    }
    return frames;
  }

  private static String digest(ManifestObject root, String what, String text) {
    if (!DIGEST.matcher(text).matches()) {
      throw root.fault(
          "%s is %s, wanted a SHA-256 in lower-case hexadecimal"
              .formatted(Quoted.of(what), Quoted.of(text)));
    }
    return text;
  }
}
