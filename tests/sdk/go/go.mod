module signet-sdk-test

go 1.19
