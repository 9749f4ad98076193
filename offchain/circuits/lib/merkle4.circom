pragma circom 2.2.0;

// Opening and replacing a leaf of a quaternary Poseidon tree, node = H_4(children in index order).
// Takes the index as bits (two per level, the leaf level first), three siblings per level in child order, the leaf before
// and after; gives the root before and after. One set of siblings serves both, so that everything else in the tree stays
// as it was. Never decides whether the first root is the expected one: the caller compares. MerkleOpen is the half that only reads.

include "poseidon.circom";

// Where the node goes among its siblings. The digit is bit_0 + 2 * bit_1 and both bits are bits (the caller's decomposition of
// the index).
template Places() {
    signal input bit_0;
    signal input bit_1;
    signal input siblings[3];
    signal output place[4];
    signal output around[4];

    signal is_3 <== bit_0 * bit_1;
    place[0] <== 1 - bit_0 - bit_1 + is_3;
    place[1] <== bit_0 - is_3;
    place[2] <== bit_1 - is_3;
    place[3] <== is_3;

    // The children with a gap of 0 where the node goes: a sibling stands in its own place when the digit is above it,
    // else one place further.
    signal moved_0 <== place[0] * siblings[0];
    signal moved_1 <== (1 - bit_1) * siblings[1];
    signal moved_2 <== (1 - is_3) * siblings[2];
    around[0] <== siblings[0] - moved_0;
    around[1] <== moved_0 + siblings[1] - moved_1;
    around[2] <== moved_1 + siblings[2] - moved_2;
    around[3] <== moved_2;
}

// One level, before and after.
template MerkleLevel() {
    signal input bit_0;
    signal input bit_1;
    signal input siblings[3];
    signal input before;
    signal input after;
    signal output parent_before;
    signal output parent_after;

    component places = Places();
    places.bit_0 <== bit_0;
    places.bit_1 <== bit_1;
    places.siblings <== siblings;
    parent_before <== HashAround()(places.place, places.around, before);
    parent_after <== HashAround()(places.place, places.around, after);
}

// Hashes four children: `around`, with the node put into the gap. The last product follows from the other three, because
// exactly one place is selected.
template HashAround() {
    signal input place[4];
    signal input around[4];
    signal input node;
    signal output out;

    signal placed[4];
    placed[0] <== place[0] * node;
    placed[1] <== place[1] * node;
    placed[2] <== place[2] * node;
    placed[3] <== node - placed[0] - placed[1] - placed[2];

    component hash = Poseidon(4);
    for (var i = 0; i < 4; i++) {
        hash.inputs[i] <== around[i] + placed[i];
    }
    out <== hash.out;
}

template MerkleReplace(depth) {
    signal input index_bits[2 * depth];
    signal input path[depth][3];
    signal input leaf_before;
    signal input leaf_after;
    signal output root_before;
    signal output root_after;

    signal before[depth + 1];
    signal after[depth + 1];
    before[0] <== leaf_before;
    after[0] <== leaf_after;
    for (var i = 0; i < depth; i++) {
        (before[i + 1], after[i + 1]) <== MerkleLevel()(
            index_bits[2 * i], index_bits[2 * i + 1], path[i], before[i], after[i]
        );
    }
    root_before <== before[depth];
    root_after <== after[depth];
}

// Reading only: the root of a tree with this leaf at this index.
template MerkleOpen(depth) {
    signal input index_bits[2 * depth];
    signal input path[depth][3];
    signal input leaf;
    signal output root;

    component places[depth];
    signal node[depth + 1];
    node[0] <== leaf;
    for (var i = 0; i < depth; i++) {
        places[i] = Places();
        places[i].bit_0 <== index_bits[2 * i];
        places[i].bit_1 <== index_bits[2 * i + 1];
        places[i].siblings <== path[i];
        node[i + 1] <== HashAround()(places[i].place, places[i].around, node[i]);
    }
    root <== node[depth];
}
