pragma circom 2.2.0;

// What an account block publishes (docs/protocol.md sections 6 and 7): its slices at z, the header's word of counts, and the words that
// the commitment absorbs.
// Takes the records of every ledger slot, then of every pool slot, then of every order slot. Relies on selectors with at most one bit set,
// and on words that are zero where a slot has no such record.
// Never checks a word.

include "lib/buses.circom";
include "lib/slices.circom";
include "constants.circom";

template AccountSlices(SL, SP, SO) {
    var N = MAX_CHAINS();
    var REQUEST = ACCOUNT_REQUEST_WORDS();
    var DATA = LEDGER_DATA_WORDS();
    var PAYOUT = PAYOUT_WORDS();
    signal input z;
    input LedgerRecords() ledger[SL];
    input PoolRecords() pool[SP];
    input OrderRecords() order[SO];
    signal output value[N];
    signal output data_value;
    signal output counts;
    signal output words[LEDGER_SLOT_WORDS() * SL + POOL_SLOT_WORDS() * SP + ORDER_DATA_WORDS() * SO];

    signal z_2 <== z * z;
    signal z_3 <== z_2 * z;
    signal z_4 <== z_2 * z_2;
    var count[N + 1];
    for (var k = 0; k <= N; k++) {
        count[k] = 0;
    }

    // The chains' slices: for each ledger slot first the request, then the payout; for each pool slot the request.
    signal slice[2 * SL + SP + 1][N];
    signal request_value[SL + SP];
    signal payout_value[SL];
    for (var k = 0; k < N; k++) {
        slice[0][k] <== 0;
    }
    for (var i = 0; i < SL; i++) {
        request_value[i] <== Horner(REQUEST)(ledger[i].request, z);
        payout_value[i] <== Horner(PAYOUT)(ledger[i].payout, z);
        slice[2 * i + 1] <== AppendRecord()(ledger[i].is_source, slice[2 * i], z_4, request_value[i]);
        slice[2 * i + 2] <== AppendRecord()(ledger[i].is_payer, slice[2 * i + 1], z_3, payout_value[i]);
        for (var k = 0; k < N; k++) {
            count[k + 1] += REQUEST * ledger[i].is_source[k] + PAYOUT * ledger[i].is_payer[k];
        }
    }
    for (var i = 0; i < SP; i++) {
        request_value[SL + i] <== Horner(REQUEST)(pool[i].request, z);
        slice[2 * SL + i + 1] <== AppendRecord()(pool[i].is_source, slice[2 * SL + i], z_4, request_value[SL + i]);
        for (var k = 0; k < N; k++) {
            count[k + 1] += REQUEST * pool[i].is_source[k];
        }
    }
    value <== slice[2 * SL + SP];

    // Slice 0: the data records. One word, or two where the record is new; none from an empty slot, whose words are zero.
    var trades = SP + SO;
    signal trade[trades][DATA];
    var used[trades];
    for (var i = 0; i < SP; i++) {
        trade[i] <== pool[i].data;
        used[i] = pool[i].used;
    }
    for (var i = 0; i < SO; i++) {
        trade[SP + i] <== order[i].data;
        used[SP + i] = order[i].used;
    }
    signal data[SL + trades + 1];
    signal record[SL + trades];
    signal growth[SL];
    signal factor[SL];
    signal grown[trades];
    data[0] <== 0;
    for (var i = 0; i < SL; i++) {
        record[i] <== ledger[i].data[0] * z + ledger[i].data[1];
        growth[i] <== ledger[i].used * (z - 1);
        factor[i] <== 1 + growth[i] + ledger[i].is_new * (z_2 - z);
        data[i + 1] <== data[i] * factor[i] + record[i];
        count[0] += ledger[i].used + ledger[i].is_new;
    }
    for (var i = 0; i < trades; i++) {
        record[SL + i] <== trade[i][0] * z + trade[i][1];
        grown[i] <== data[SL + i] * (z_2 - 1);
        data[SL + i + 1] <== data[SL + i] + used[i] * grown[i] + record[SL + i];
        count[0] += 2 * used[i];
    }
    data_value <== data[SL + trades];

    // Slice k's count starts at bit 16 * k; a count is at most 7 * 127 < 2^16, so the fields are disjoint.
    var packed = 0;
    for (var k = 0; k <= N; k++) {
        packed += count[k] * (1 << (COUNT_BITS() * k));
    }
    counts <== packed;

    var SLOT = LEDGER_SLOT_WORDS();
    for (var i = 0; i < SL; i++) {
        for (var j = 0; j < REQUEST; j++) {
            words[SLOT * i + j] <== ledger[i].request[j];
        }
        for (var j = 0; j < DATA; j++) {
            words[SLOT * i + REQUEST + j] <== ledger[i].data[j];
        }
        for (var j = 0; j < PAYOUT; j++) {
            words[SLOT * i + REQUEST + DATA + j] <== ledger[i].payout[j];
        }
    }
    var at = SLOT * SL;
    for (var i = 0; i < SP; i++) {
        for (var j = 0; j < REQUEST; j++) {
            words[at + j] <== pool[i].request[j];
        }
        for (var j = 0; j < DATA; j++) {
            words[at + REQUEST + j] <== pool[i].data[j];
        }
        at += POOL_SLOT_WORDS();
    }
    for (var i = 0; i < SO; i++) {
        for (var j = 0; j < DATA; j++) {
            words[at + j] <== order[i].data[j];
        }
        at += DATA;
    }
}
