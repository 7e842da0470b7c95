package tributary.actors;

import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

/**
 * A claim on one loading of a variant into the device's memory. Two loadings of one variant are two
 * claims, so a sequence keeps the very weights that it began with.
 *
 * @param number tells loadings apart
 * @param vocabularySize token ids below this are legal in requests
 * @param size of what is held at the greatest width
 * @param version of the variant that was loaded
 * @param widths the greatest width that it can be served at
 */
record LoadedDelta(
    DeltaId id, long number, int vocabularySize, Bytes size, String version, int widths) {}
