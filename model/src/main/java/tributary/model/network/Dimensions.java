package tributary.model.network;

import tributary.gpu.Rope;

/**
 * The extent of a decoder.
 *
 * @param tiedEmbeddings true when the head is the embedding matrix
 */
public record Dimensions(
    int vocabulary,
    int hidden,
    int intermediate,
    int layers,
    int heads,
    int kvHeads,
    int headSize,
    float normEpsilon,
    boolean tiedEmbeddings,
    boolean attentionBias,
    boolean mlpBias,
    Rope.Frequencies rope) {}
