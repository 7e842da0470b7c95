package tributary.model.family;

import tributary.model.network.Network;

/** A model's structure, apart from its vocabulary. */
public interface Structure {
  Dimensions dimensions();

  /**
   * The network of this structure.
   *
   * @param vocabulary rows of embeddings and head
   * @param tied true when the head is the embedding matrix
   */
  Network network(int vocabulary, boolean tied);
}
