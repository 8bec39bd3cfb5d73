#include "Chunks.h"

// Where element t of a channel lies: in which of all planes, and where in it.
typedef struct {
    int plane;
    int offset;
} Place;

Place placeOf(const Chunks g, int channel, int t)
{
    Place place;
    place.plane = t / g.plane * g.channels + channel;
    place.offset = t % g.plane;
    return place;
}

// The place so many elements on, where `by` is that of as many in channel 0. Thus only the first place of a work-item takes a
// division, for which GPUs have no instruction.
Place advanced(const Chunks g, Place place, Place by)
{
    place.plane += by.plane;
    place.offset += by.offset;
    if (place.offset >= g.plane) {
        place.offset -= g.plane;
        place.plane += g.channels;
    }
    return place;
}

// Which chunk this team has; g.channels * g.splits teams.
#define CHUNK                                                                                    \
    const int chunkId = get_global_id(0) / TEAM;                                                 \
    const int channel = chunkId / g.splits;                                                      \
    const int start = chunkId % g.splits * g.chunk;                                              \
    const int end = min(start + g.chunk, g.batch * g.plane)
