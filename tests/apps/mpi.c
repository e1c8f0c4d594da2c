// SPDX-License-Identifier: GPL-2.0
/*
 * Two ranks of MPI send each other messages of 1 byte to 1 MB and compare them, add up
 * vectors, and then measure round trips of 8 bytes. Wrong contents end the job.
 */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_BYTES 1048576
#define VECTOR 10000
#define SUMS 20
#define TRIPS 200

static unsigned char sent[MOST_BYTES], got[MOST_BYTES];

static void require(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "mpi: %s\n", what);
	MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Rank 0 sends first; each has its own contents. */
static void exchange(int rank, int bytes)
{
	if (rank == 0)
		MPI_Send(sent, bytes, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
	MPI_Recv(got, bytes, MPI_BYTE, !rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	if (rank == 1)
		MPI_Send(sent, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
}

static unsigned char content(int rank, int bytes, int i)
{
	return i * 7 + i / 251 + bytes + rank * 13;
}

static void check_exchanges(int rank)
{
	int bytes, i;

	for (bytes = 1; bytes <= MOST_BYTES; bytes *= 4) {
		for (i = 0; i < bytes; i++)
			sent[i] = content(rank, bytes, i);
		exchange(rank, bytes);
		for (i = 0; i < bytes; i++)
			require(got[i] == content(!rank, bytes, i), "a message differs");
	}
}

static void check_sums(int rank)
{
	static long mine[VECTOR], sum[VECTOR];
	int turn, i;

	for (turn = 0; turn < SUMS; turn++) {
		for (i = 0; i < VECTOR; i++)
			mine[i] = (long)turn * i + rank;
		MPI_Allreduce(mine, sum, VECTOR, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
		for (i = 0; i < VECTOR; i++)
			require(sum[i] == 2L * turn * i + 1, "a sum is wrong");
	}
}

int main(int argc, char **argv)
{
	int rank, ranks, i;
	double began;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	require(ranks == 2, "there are not two ranks");
	check_exchanges(rank);
	check_sums(rank);
	began = MPI_Wtime();
	for (i = 0; i < TRIPS; i++)
		exchange(rank, 8);
	if (rank == 0)
		printf("round trips per second: %.1f\n", TRIPS / (MPI_Wtime() - began));
	MPI_Finalize();
	return 0;
}
