package tributary.streams;

import java.util.List;
import tributary.actors.ServedModel;
import tributary.protocol.GenerationRequest;
import tributary.protocol.openai.GenerationOptions.Delivery;
import tributary.protocol.openai.GenerationOptions.Stopping;

/**
 * A request that was understood and checked against its model.
 *
 * @param id of the answer
 * @param created seconds since 1970
 * @param promptTokens of all prompts, each counted once however many answers it gets
 */
record AcceptedRequest(
    Endpoint endpoint,
    String id,
    long created,
    ServedModel model,
    List<Choice> choices,
    int promptTokens,
    Stopping stopping,
    Delivery delivery) {
  /**
   * One answer to one prompt, made by one sequence.
   *
   * @param echo text that the answer begins with
   */
  record Choice(int index, GenerationRequest request, String echo) {}

  AcceptedRequest {
    choices = List.copyOf(choices);
  }

  /** As error messages, logs and answers name the model. */
  String modelName() {
    return model.id().name();
  }
}
