# /etc/signet/admin.sh: after `. /etc/signet/admin.sh`, root's `signet` means the nodes' deployment.
export SIGNET_CONFIG=/etc/signet/signet.toml
export SIGNET_KEYS__MASTER_FILE=/etc/signet/secrets/master.key
export SIGNET_STORE__DATABASE_FILE=/etc/signet/secrets/database
export SIGNET_STORE__REDIS_FILE=/etc/signet/secrets/redis
