package tributary.actors;

/** Marks what actors tell each other across nodes; bound to {@link WireSerializer}. */
interface WireMessage {}
