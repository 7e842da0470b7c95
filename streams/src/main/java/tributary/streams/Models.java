package tributary.streams;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tributary.actors.ServedModel;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.protocol.openai.ModelCard;

/** The models that requests may name. */
final class Models {
  private final Map<DeltaId, ServedModel> byId;

  Models(Collection<ServedModel> models) {
    this.byId =
        models.stream().collect(Collectors.toUnmodifiableMap(ServedModel::id, Function.identity()));
  }

  /** The model of that name, which may be any text. */
  ServedModel named(String name) {
    ServedModel model = DeltaId.isLegal(name) ? byId.get(new DeltaId(name)) : null;
    if (model == null) {
      throw new TributaryException(
          ErrorCode.MODEL_NOT_FOUND,
          "there is no model %s; GET /v1/models lists the models".formatted(Quoted.of(name)),
          "model");
    }
    return model;
  }

  ModelCard.Listing cards(long created) {
    return new ModelCard.Listing(
        byId.values().stream()
            .sorted((a, b) -> a.id().compareTo(b.id()))
            .map(model -> card(model, created))
            .toList());
  }

  static ModelCard card(ServedModel model, long created) {
    @Nullable String parent = model.base().equals(model.id()) ? null : model.base().name();
    return new ModelCard(model.id().name(), parent, created, model.contextLength());
  }

  List<DeltaId> ids() {
    return byId.keySet().stream().sorted().toList();
  }
}
