// The chunks that the elements of a channel are cut into for their sums.
typedef struct {
    int batch;
    int channels;
    int plane;
    int chunk;
    int splits;
} Geometry;

// Which chunk this team has; g.channels * g.splits teams.
#define CHUNK                                                                                    \
    const int chunkId = get_global_id(0) / TEAM;                                                 \
    const int channel = chunkId / g.splits;                                                      \
    const int start = chunkId % g.splits * g.chunk;                                              \
    const int end = min(start + g.chunk, g.batch * g.plane)
