"""The BERT encoder, without what serving does not need, so that nothing but torch has to be imported.

Same mathematics and weights as the reference implementation (a test compares them), with the three projections of
attention in one multiplication.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """The sizes of a BERT encoder, as named in its config.json."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float


class Attention(nn.Module):
    """Multi-head self-attention over [n, tokens, hidden]."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.heads = shape.num_attention_heads
        self.project = nn.Linear(shape.hidden_size, 3 * shape.hidden_size)
        self.output = nn.Linear(shape.hidden_size, shape.hidden_size)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        count, tokens, size = hidden.shape
        projected = self.project(hidden).view(count, tokens, 3, self.heads, size // self.heads)
        query, key, value = projected.permute(2, 0, 3, 1, 4).unbind(0)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed: torch.Tensor = self.output(attended.transpose(1, 2).reshape(count, tokens, size))
        return mixed


class Layer(nn.Module):
    """Attention, then two dense layers, each added to its input and normalised."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.attention = Attention(shape)
        self.attention_norm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)
        self.widen = nn.Linear(shape.hidden_size, shape.intermediate_size)
        self.narrow = nn.Linear(shape.intermediate_size, shape.hidden_size)
        self.norm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        hidden = self.attention_norm(hidden + self.attention(hidden, mask))
        normalised: torch.Tensor = self.norm(hidden + self.narrow(functional.gelu(self.widen(hidden))))
        return normalised


class Encoder(nn.Module):
    """Token ids [n, tokens] and their lengths [n] to sentence embeddings [n, hidden] of length 1.

    Tokens beyond a row's length are padding. Without lengths, no row has any.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.positions = nn.Embedding(shape.max_position_embeddings, shape.hidden_size)
        self.types = nn.Embedding(shape.type_vocab_size, shape.hidden_size)
        self.norm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if lengths is None:
            return functional.normalize(self.hidden(ids, None).mean(1).float(), dim=1)
        real = torch.arange(ids.shape[1], device=ids.device) < lengths.unsqueeze(1)
        hidden = self.hidden(ids, real[:, None, None, :])
        total = (hidden * real.unsqueeze(2)).sum(1, dtype=torch.float32)
        return functional.normalize(total / lengths.unsqueeze(1), dim=1)

    def hidden(self, ids: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """The last layer's output, [n, tokens, hidden].

        No token looks where `mask`, broadcast to [n, heads, tokens, tokens], is False.
        """
        hidden: torch.Tensor = self.words(ids) + (self.types.weight[0] + self.positions.weight[: ids.shape[1]])
        hidden = self.norm(hidden)
        for layer in self.layers:
            hidden = layer(hidden, mask)
        return hidden


def from_reference(weights: dict[str, torch.Tensor], layers: int) -> dict[str, torch.Tensor]:
    """The weights under this module's names; `weights` has those of the reference BertModel. Raises KeyError."""
    named = {
        "words.weight": weights["embeddings.word_embeddings.weight"],
        "positions.weight": weights["embeddings.position_embeddings.weight"],
        "types.weight": weights["embeddings.token_type_embeddings.weight"],
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    for layer in range(layers):
        for kind in ("weight", "bias"):
            named.update(_layer(weights, layer, kind))
    return named


def _layer(weights: dict[str, torch.Tensor], layer: int, kind: str) -> dict[str, torch.Tensor]:
    ours, theirs = f"layers.{layer}", f"encoder.layer.{layer}"
    projections = [weights[f"{theirs}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
    return {
        f"{ours}.attention.project.{kind}": torch.cat(projections),
        f"{ours}.attention.output.{kind}": weights[f"{theirs}.attention.output.dense.{kind}"],
        f"{ours}.attention_norm.{kind}": weights[f"{theirs}.attention.output.LayerNorm.{kind}"],
        f"{ours}.widen.{kind}": weights[f"{theirs}.intermediate.dense.{kind}"],
        f"{ours}.narrow.{kind}": weights[f"{theirs}.output.dense.{kind}"],
        f"{ours}.norm.{kind}": weights[f"{theirs}.output.LayerNorm.{kind}"],
    }
